import { joined, line, soon, type Line } from './line.ts';

const age = String.raw`\d+[smh]`;

/** One run of all, in this order, on a cluster of one node. */
export const lines: readonly Line[] = [
  soon('get nodes', /^NAME +STATUS +ROLES +AGE +VERSION\nnode-a +Ready +<none> /),
  line('version', /Server Version: .*v1\.\d+/),
  line('cluster-info', /Kubernetes control plane.* is running at /),
  line('get namespaces', /^NAME +STATUS +AGE\ndefault +Active .*\nkube-node-lease +Active /),

  // Pods.
  line('create -f pod.yml', /^pod\/go-demo-2 created\n$/),
  soon(
    'get pods',
    new RegExp(
      String.raw`^NAME +READY +STATUS +RESTARTS +AGE\ngo-demo-2 +\d/2 +Running +0 +${age}\n$`,
    ),
  ),
  line('get pods -o wide', /NAME +READY +STATUS +RESTARTS +AGE +IP +NODE .*\n.* node-a /),
  line('get pod go-demo-2 -o jsonpath={.spec.containers[*].name}', /^db api$/),
  line(
    'describe pod go-demo-2',
    joined(
      /Liveness: +http-get http:\/\/:8080\/demo\/hello delay=0s timeout=1s period=10s #/,
      /success=1 #failure=3/,
    ),
  ),
  line('describe -f pod.yml', /Environment:\n +DB: +localhost\n/),
  line(
    'apply -f pod.yml',
    /resource pods\/go-demo-2 is missing the .*last-applied.*annotation|pod\/go-demo-2 configured/,
  ),
  line('set image pod go-demo-2 db=mongo:3.4', /^pod\/go-demo-2 image updated\n$/),
  line('label pod go-demo-2 disktype=ssd', /^pod\/go-demo-2 labeled\n$/),
  line('get pods --show-labels', /disktype=ssd,type=stack/),
  line('label pod go-demo-2 disktype-', /^pod\/go-demo-2 unlabeled\n$/),
  line('get pods -l type=other', /^No resources found in default namespace\.\n$/),
  line('run db --image=mongo', /^pod\/db created\n$/),
  line('delete pod db', /^pod "db" deleted/),
  line('delete -f pod.yml', /^pod "go-demo-2" deleted/),
  line('get pod go-demo-2', /^Error from server \(NotFound\): pods "go-demo-2" not found\n$/),

  // Deployments.
  line('create -f deploy.yml --save-config', /^deployment\.apps\/go-demo-2-api created\n$/),
  line('apply -f deploy.yml', /^deployment\.apps\/go-demo-2-api unchanged\n$/),
  line('apply -f deploy.yml', /^deployment\.apps\/go-demo-2-api unchanged\n$/),
  line(
    'rollout status deployment go-demo-2-api',
    /deployment "go-demo-2-api" successfully rolled out\n$/,
  ),
  line('get deploy', /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\ngo-demo-2-api +3\/3 +3 +3 /),
  line('get rs', /^NAME +DESIRED +CURRENT +READY +AGE\ngo-demo-2-api-[a-z0-9]+ +3 +3 +3 /),
  line(
    'describe deploy go-demo-2-api',
    /Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/,
  ),
  soon(
    'describe deploy go-demo-2-api',
    /Normal +ScalingReplicaSet .* Scaled up replica set go-demo-2-api-[a-z0-9]+ (from 0 )?to 3/,
  ),
  line(
    'get all -l service=go-demo-2',
    /pod\/go-demo-2-api-.*\n(.*\n)*\nNAME .*\nreplicaset\.apps\/go-demo-2-api-/,
  ),
  line(
    'set image deploy go-demo-2-api api=vfarcic/go-demo-2:2.0',
    /^deployment\.apps\/go-demo-2-api image updated\n$/,
  ),
  line('rollout status -w deploy/go-demo-2-api', /successfully rolled out\n$/),
  line(
    'rollout history deploy go-demo-2-api',
    /^deployment\.apps\/go-demo-2-api *\nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/,
  ),
  line('rollout undo deploy go-demo-2-api', /^deployment\.apps\/go-demo-2-api rolled back\n$/),
  soon(
    'get deploy go-demo-2-api -o jsonpath={.spec.template.spec.containers[0].image}',
    /^vfarcic\/go-demo-2$/,
  ),
  line('rollout history deploy/go-demo-2-api --revision=2', /Image:\s+vfarcic\/go-demo-2:2\.0\n/),
  line('scale deploy go-demo-2-api --replicas=5', /^deployment\.apps\/go-demo-2-api scaled\n$/),
  soon('get deploy go-demo-2-api', /go-demo-2-api +5\/5 +5 +5 /),

  // Services and what stands before them.
  line('create -f svc.yml', /^service\/go-demo-2-api created\n$/),
  line(
    'get svc go-demo-2-api',
    joined(
      /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\ngo-demo-2-api +NodePort +1/,
      /0\.96\.[0-9.]+ +<none> +28017:30001\/TCP /,
    ),
  ),
  soon('describe svc go-demo-2-api', /Endpoints: +10\.[0-9.]+:28017,.*\n/),
  soon('get ep go-demo-2-api', /NAME +ENDPOINTS +AGE\ngo-demo-2-api +10\.[0-9.]+:28017,/),
  line(
    'expose deploy go-demo-2-api --port=80 --target-port=8080 --name=web',
    /^service\/web exposed\n$/,
  ),
  line('get svc web', /web +ClusterIP +10\.96\.[0-9.]+ +<none> +80\/TCP /),
  line('patch svc web --patch-file nodeport.yml', /^service\/web patched\n$/),
  line('get svc web', /web +NodePort +10\.96\.[0-9.]+ +<none> +80:3\d{4}\/TCP /),
  line('patch svc web -p {"spec":{"internalTrafficPolicy":"Local"}}', /^service\/web patched\n$/),
  line('create -f ingress.yml', /^ingress\.extensions\/go-demo-2 created\n$/),
  line('get ing', /NAME +CLASS +HOSTS +ADDRESS +PORTS +AGE\ngo-demo-2 +<none> +\* +80 /),
  line('describe ing go-demo-2', /\/demo +go-demo-2-api:8080 /),
  line(
    'delete -f ingress.yml -f svc.yml -f deploy.yml',
    joined(
      /ingress\.extensions "go-demo-2" deleted.*\nservice "go-demo-2-api" deleted.*\nde/,
      /ployment\.apps "go-demo-2-api" deleted/,
    ),
  ),
  line('delete svc web', /^service "web" deleted/),

  // Settings and secrets.
  line(
    'create cm my-config --from-literal=something=else --from-literal=weather=sunny',
    /^configmap\/my-config created\n$/,
  ),
  line(
    'get cm my-config -o yaml',
    /^apiVersion: v1\ndata:\n {2}something: else\n {2}weather: sunny\nkind: ConfigMap\n/,
  ),
  line('describe cm my-config', /something:\n----\nelse\n/),
  line(
    'create secret generic my-creds --from-literal=username=jdoe --from-literal=password=incognito',
    /^secret\/my-creds created\n$/,
  ),
  line('get secrets my-creds', /NAME +TYPE +DATA +AGE\nmy-creds +Opaque +2 /),
  line('get secret my-creds -o jsonpath={.data.username}', /^amRvZQ==$/),
  line(
    'describe secret my-creds',
    /(password: +9|username: +4) bytes\n(password: +9|username: +4) bytes\n/,
  ),
  line('apply -f secret.yml', /^secret\/pgsql created\n$/),
  line('get secret pgsql -o jsonpath={.data}', /^\{"POSTGRES_PASSWORD":"c3VwZXJzZWNyZXQ="\}$/),
  line('apply -f secret.yml', /^secret\/pgsql (unchanged|configured)\n$/),

  // Namespaces and what they allow.
  line('create namespace testing', /^namespace\/testing created\n$/),
  line('-n testing run test --image=alpine', /^pod\/test created\n$/),
  soon('-n testing get pods', /^NAME +READY .*\ntest +\d\/1 +Running /),
  line('delete ns testing', /^namespace "testing" deleted/),
  line('get ns testing', /^Error from server \(NotFound\): namespaces "testing" not found\n$/),
  line('create -f dev.yml', /^namespace\/dev created\nresourcequota\/dev created\n$/),
  soon(
    '-n dev describe quota dev',
    joined(
      /Resource +Used +Hard\n.*\nlimits\.cpu +0 +1\nlimits\.memory +0 +1Gi\npods +0 +3/,
      /\nrequests\.cpu +0 +800m\nrequests\.memory +0 +500Mi\nservices\.nodeports +0 +0/,
      /\n/,
    ),
  ),
  line(
    '-n dev run nginx --image=nginx',
    joined(
      /^Error from server \(Forbidden\): pods "nginx" is forbidden: failed quota: dev: /,
      /must specify limits\.cpu for: nginx; limits\.memory for: nginx; requests\.cpu fo/,
      /r: nginx; requests\.memory for: nginx\n$/,
    ),
  ),
  line('-n dev create -f limited.yml', /^deployment\.apps\/api created\n$/),
  soon('-n dev describe quota dev', /limits\.cpu +300m +1\n.*\npods +3 +3\n/),
  soon(
    '-n dev get events',
    joined(
      /Error creating: pods "api-.*" is forbidden: exceeded quota: dev, requested: pods/,
      /=1, used: pods=3, limited: pods=3/,
    ),
  ),
  soon('-n dev describe deploy api', /ReplicaFailure +True +FailedCreate/),
  line(
    '-n dev expose deploy api --port 8080 --type NodePort',
    joined(
      /^Error from server \(Forbidden\): services "api" is forbidden: exceeded quota: d/,
      /ev, requested: services\.nodeports=1, used: services\.nodeports=0, limited: serv/,
      /ices\.nodeports=0\n$/,
    ),
  ),
  line('-n dev scale deploy api --replicas=2', /scaled\n$/),
  soon('-n dev describe quota dev', /pods +2 +3\n/),
  soon('-n dev get sa', /NAME +SECRETS +AGE\ndefault +0 /),

  // The other workloads.
  line('apply -f set.yml', /^service\/postgres created\nstatefulset\.apps\/postgres created\n$/),
  soon('get sts', /NAME +READY +AGE\npostgres +2\/2 /),
  line('get svc postgres', /postgres +ClusterIP +None +<none> +<none> /),
  line('delete -f set.yml', /statefulset\.apps "postgres" deleted/),
  line('apply -f cron.yml', /^cronjob\.batch\/sleep created\n$/),
  line(
    'get cronjob',
    joined(
      /^NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE\nsleep +0 3 \* \*/,
      / \* +<none> +False +0 +<none> /,
    ),
  ),

  // Nodes.
  line('label nodes node-a purpose=special', /^node\/node-a labeled\n$/),
  line('label nodes node-a purpose-', /^node\/node-a unlabeled\n$/),
  line('cordon node-a', /^node\/node-a cordoned\n$/),
  line('get nodes', /node-a +Ready,SchedulingDisabled /),
  line('uncordon node-a', /^node\/node-a uncordoned\n$/),
  line('describe node node-a', /Non-terminated Pods: +\(\d+ in total\)/),
  line('taint nodes node-a a=b:NoSchedule', /^node\/node-a tainted\n$/),
  soon('get storageclass', /^NAME +PROVISIONER .*\nlocal-folder \(default\) +keelson/),
];
