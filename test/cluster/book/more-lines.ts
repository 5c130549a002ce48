import { line, soon, type Line } from './line.ts';

/** Lines of the books that say others by other words; on a cluster of their own, in this order. */
export const moreLines: readonly Line[] = [
  soon('get nodes -o wide', /^NAME +STATUS .* CONTAINER-RUNTIME\nnode-a +Ready /),
  line('version --output=yaml', /clientVersion:\n(.*\n)*serverVersion:\n(.*\n)*.*gitVersion: v1\./),
  line('api-resources --api-group=apps', /deployments +deploy +apps\/v1 +true +Deployment\n/),
  line('explain pod.spec.containers.lifecycle.preStop', /FIELDS?:(.*\n)*.*exec\s+<ExecAction>/),
  line('explain deploy.spec.strategy.rollingUpdate.maxSurge', /DESCRIPTION:\n +\S/),

  // Recorded changes, and the way back.
  line('create --filename=deploy.yml --record=true --save-config', /go-demo-2-api created\n/),
  line('rollout status -w -f deploy.yml', /successfully rolled out\n$/),
  line('get -f deploy.yml', /^NAME +READY .*\ngo-demo-2-api +3\/3 /),
  line('get -f deploy.yml -o jsonpath={.spec.template.spec.containers[*].name}', /^api$/),
  line(
    'set image -f deploy.yml api=vfarcic/go-demo-2:2.0 --record',
    /deployment\.apps\/go-demo-2-api image updated\n/,
  ),
  line('rollout status -f deploy.yml', /successfully rolled out\n$/),
  line(
    'rollout history -f deploy.yml',
    /\n1 +kubectl\S* create (.*\n)2 +kubectl\S* set image .*api=vfarcic\/go-demo-2:2\.0/,
  ),
  line(
    'describe -f deploy.yml',
    /OldReplicaSets: +\S+(.*\n)*NewReplicaSet: +go-demo-2-api-\w+ \(3/,
  ),
  line('rollout undo -f deploy.yml', /rolled back\n$/),
  soon('rollout history -f deploy.yml', /REVISION +CHANGE-CAUSE\n2 +.*\n3 +/),
  line('rollout undo -f deploy.yml --to-revision=2', /rolled back\n$/),
  soon('rollout history -f deploy.yml', /REVISION +CHANGE-CAUSE\n3 +.*\n4 +/),
  line(
    'rollout undo deploy go-demo-2-api --to-revision=77',
    /unable to find specified revision 77/,
  ),
  line('set image deployments --all api=mongo:3.4', /image updated\n$/),
  line('rollout pause deploy go-demo-2-api', /go-demo-2-api paused\n$/),
  line('rollout resume deploy go-demo-2-api', /go-demo-2-api resumed\n$/),
  line('rollout restart deploy go-demo-2-api', /go-demo-2-api restarted\n$/),
  line('rollout status deploy go-demo-2-api', /successfully rolled out\n$/),
  line('scale deployment go-demo-2-api --replicas 8 --record', /go-demo-2-api scaled\n/),
  soon('get -f deploy.yml', /go-demo-2-api +8\/8 +8 +8 /),
  line('scale --replicas=2 deployment/go-demo-2-api', /go-demo-2-api scaled\n$/),
  soon('get deploy/go-demo-2-api', /go-demo-2-api +2\/2 +2 +2 /),
  line('annotate deploy go-demo-2-api a/b=c', /go-demo-2-api annotated?\n$/),
  line('autoscale deploy go-demo-2-api --min=2 --max=4 --cpu-percent=80', /autoscaled\n$/),
  soon(
    'get hpa',
    /^NAME +REFERENCE +TARGETS .*\ngo-demo-2-api +Deployment\/go-demo-2-api +.* 2 +4 /,
  ),
  line('delete hpa go-demo-2-api', /"go-demo-2-api" deleted/),
  line('diff -f deploy.yml', /\n-.*\n\+.*vfarcic\/go-demo-2(\n|:)/),
  line('apply -f deploy.yml --dry-run=server', /go-demo-2-api configured \(server dry run\)\n$/),
  line('apply --server-side --force-conflicts -f deploy.yml', /serverside-applied\n/),
  line('wait --for=condition=Available deploy/go-demo-2-api', /go-demo-2-api condition met\n$/),
  line('get all --all-namespaces', /kube-system|default +deployment\.apps\/go-demo-2-api /),
  line('top nodes', /metrics not available yet/),

  // Children that stay, and those that go.
  line('delete -f deploy.yml --cascade=orphan', /deployment\.apps "go-demo-2-api" deleted/),
  soon('get rs -l service=go-demo-2', /^NAME +DESIRED .*\ngo-demo-2-api-/),
  line('create -f deploy.yml --save-config', /go-demo-2-api created\n$/),
  line('rollout status deploy go-demo-2-api', /successfully rolled out\n$/),
  line('delete deploy go-demo-2-api', /deployment\.apps "go-demo-2-api" deleted/),
  soon('get pods -l service=go-demo-2', /^No resources found in default namespace\.\n$/),

  // Runs that end.
  line('run test --image=alpine --restart=Never sleep 10000', /^pod\/test created\n$/),
  soon('get pod test', /^NAME +READY .*\ntest +\d\/1 +Running +0 /),
  line('create job once --image=alpine -- true', /^job\.batch\/once created\n$/),
  soon('get jobs', /^NAME +(STATUS +)?COMPLETIONS +DURATION +AGE\nonce /),
  line('delete job once', /^job\.batch "once" deleted/),
  line(
    'drain node-a --ignore-daemonsets --force',
    /pod\/test evicted\n(.*\n)*node\/node-a drained\n/,
  ),
  line('get nodes', /node-a +Ready,SchedulingDisabled /),
  line('uncordon node-a', /^node\/node-a uncordoned\n$/),
  line('create sa jenkins', /^serviceaccount\/jenkins created\n$/),
  line('get sa', /^NAME +SECRETS +AGE\ndefault +0 .*\njenkins +0 /),
  line('create rolebinding jdoe --clusterrole view --user jdoe', /jdoe created\n$/),
  line('get rolebindings', /^NAME +ROLE +AGE\njdoe +ClusterRole\/view /),
  line('describe rolebinding jdoe', /Role:\n +Kind: +ClusterRole\n +Name: +view\nSubjects:\n/),
];
