const pod = `
apiVersion: v1
kind: Pod
metadata: { name: go-demo-2, labels: { type: stack } }
spec:
  containers:
    - { name: db, image: "mongo:3.3" }
    - { name: api, image: "vfarcic/go-demo-2", env: [{ name: DB, value: localhost }],
        livenessProbe: { httpGet: { path: /demo/hello, port: 8080 } } }
`;

/** As of Kubernetes 1.9: versions of old have to do. */
const deployment = `
apiVersion: apps/v1beta2
kind: Deployment
metadata: { name: go-demo-2-api }
spec:
  replicas: 3
  selector: { matchLabels: { type: api, service: go-demo-2 } }
  template:
    metadata: { labels: { type: api, service: go-demo-2, language: go } }
    spec: { containers: [{ name: api, image: "vfarcic/go-demo-2" }] }
`;

const service = `
apiVersion: v1
kind: Service
metadata: { name: go-demo-2-api }
spec:
  type: NodePort
  ports: [{ port: 28017, nodePort: 30001, protocol: TCP }]
  selector: { type: api, service: go-demo-2 }
`;

const ingress = `
apiVersion: extensions/v1beta1
kind: Ingress
metadata: { name: go-demo-2, annotations: { ingress.kubernetes.io/ssl-redirect: "false" } }
spec:
  rules:
    - http: { paths: [{ path: /demo, backend: { serviceName: go-demo-2-api, servicePort: 8080 } }] }
`;

const quota = `
apiVersion: v1
kind: Namespace
metadata: { name: dev }
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: dev, namespace: dev }
spec:
  hard: { requests.cpu: 0.8, requests.memory: 500Mi, limits.cpu: 1, limits.memory: 1Gi, pods: 3,
    services.nodeports: "0" }
`;

const resources = '{ limits: { memory: 50Mi, cpu: 100m }, requests: { memory: 10Mi, cpu: 10m } }';

const limited = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 5
  selector: { matchLabels: { type: api } }
  template:
    metadata: { labels: { type: api } }
    spec: { containers: [{ name: api, image: x, resources: ${resources} }] }
`;

const set = `
apiVersion: v1
kind: Service
metadata: { name: postgres }
spec: { clusterIP: None, selector: { app: postgres } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgres }
spec:
  serviceName: postgres
  replicas: 2
  selector: { matchLabels: { app: postgres } }
  template:
    metadata: { labels: { app: postgres } }
    spec: { containers: [{ name: postgres, image: postgres }] }
`;

const secret = `
kind: Secret
apiVersion: v1
metadata: { name: pgsql }
stringData: { POSTGRES_PASSWORD: supersecret }
`;

const sleepJob = `
apiVersion: batch/v1
kind: CronJob
metadata: { name: sleep }
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec: { restartPolicy: OnFailure, containers: [{ name: sleep, image: busybox }] }
`;

/** What the books' files say, cut to what is about the API. */
export const manifests: Readonly<Record<string, string>> = {
  'pod.yml': pod,
  'deploy.yml': deployment,
  'svc.yml': service,
  'ingress.yml': ingress,
  'dev.yml': quota,
  'limited.yml': limited,
  'set.yml': set,
  'secret.yml': secret,
  'cron.yml': sleepJob,
  'nodeport.yml': 'spec: { type: NodePort }\n',
};
