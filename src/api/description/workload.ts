const workload = `
  metadata: Name, namespace, labels and what else every object has.
  spec: What is wanted.
  status: What was seen of it.`;

export default `
apps.v1.Deployment: Keeps a number of equal pods running, and replaces them step by
    step when their template changes.${workload}
apps.v1.DeploymentSpec: Which pods a deployment keeps, and how it replaces them.
  replicas: How many pods. 1 unless set.
  selector: Which pods are the deployment's; has to match the template's labels, and is fixed.
  template: What the pods look like.
  strategy: How old pods make room for new ones.
  minReadySeconds: How long a new pod has to be ready before it counts as available.
  revisionHistoryLimit: How many old ReplicaSets are kept to go back to. 10 unless set.
  paused: Changes of the template wait.
  progressDeadlineSeconds: After how long without progress it is said to have failed. 600 unless
    set.
apps.v1.DeploymentStrategy: How old pods make room for new ones.
  type: RollingUpdate replaces a few at a time, Recreate ends all before it makes any.
  rollingUpdate: How many at a time.
apps.v1.RollingUpdateDeployment: How many pods are replaced at a time.
  maxUnavailable: How many may be missing, as a number or a percentage. 25% unless set.
  maxSurge: How many there may be too many. 25% unless set.
apps.v1.DeploymentStatus: How far a deployment has come.
  observedGeneration: Which generation this is of.
  replicas: Pods that there are, old and new.
  updatedReplicas: Pods of the newest template.
  readyReplicas: Pods that are ready.
  availableReplicas: Pods that have been ready for long enough.
  unavailableReplicas: Pods that are still wanting.
  conditions: Available, Progressing and ReplicaFailure, each with its reason.
apps.v1.ReplicaSet: Keeps a number of equal pods running. Mostly a deployment's.${workload}
apps.v1.ReplicaSetSpec: Which pods a ReplicaSet keeps.
  replicas: How many pods. 1 unless set.
  minReadySeconds: How long a new pod has to be ready before it counts as available.
  selector: Which pods are its own; has to match the template's labels.
  template: What the pods look like.
apps.v1.StatefulSet: Keeps pods that have names, an order and storage of their own.${workload}
apps.v1.StatefulSetSpec: Which pods a StatefulSet keeps, and in which order.
  replicas: How many pods. 1 unless set.
  selector: Which pods are its own.
  template: What the pods look like; each gets a name with its number.
  volumeClaimTemplates: Claims that are made for each pod, and outlive it.
  serviceName: The headless service that gives the pods their names.
  podManagementPolicy: OrderedReady waits for each pod, Parallel for none.
  updateStrategy: Whether pods are replaced one after the other, or when somebody deletes them.
  revisionHistoryLimit: How many old revisions are kept. 10 unless set.
  minReadySeconds: How long a new pod has to be ready before it counts as available.
  persistentVolumeClaimRetentionPolicy: Whether claims go with the set, or when it shrinks.
  ordinals: The number of the first pod.
apps.v1.DaemonSet: Keeps one pod on each node, or on each that is chosen.${workload}
apps.v1.DaemonSetSpec: Which pod a DaemonSet keeps on its nodes.
  selector: Which pods are its own.
  template: What the pods look like; their node selector says on which nodes.
  updateStrategy: RollingUpdate replaces node by node, OnDelete when somebody deletes a pod.
  minReadySeconds: How long a new pod has to be ready before it counts as available.
  revisionHistoryLimit: How many old revisions are kept. 10 unless set.
core.v1.ReplicationController: Keeps a number of equal pods running; what was there
    before ReplicaSets.${workload}
core.v1.PodTemplateSpec: What pods that are made look like.
  metadata: Their labels and annotations.
  spec: What runs in them.
batch.v1.Job: Runs pods until enough of them have succeeded.${workload}
batch.v1.JobSpec: What a job runs, and how often.
  parallelism: How many pods at once. 1 unless set.
  completions: How many have to succeed. 1 unless set.
  backoffLimit: How many failures before it is given up. 6 unless set.
  activeDeadlineSeconds: How long the job may take in all.
  ttlSecondsAfterFinished: How long after its end it is deleted; never unless set.
  selector: Which pods are its own; made by the server.
  manualSelector: The selector is the author's own business.
  template: What the pods look like; restarted Never or OnFailure.
  completionMode: NonIndexed, or Indexed where each pod has a number.
  suspend: No pods run while it is true.
  podFailurePolicy: What failures of which kind mean.
  backoffLimitPerIndex: How many failures for each number.
  maxFailedIndexes: How many numbers may fail.
  podReplacementPolicy: Whether a pod is replaced while it ends, or after.
  successPolicy: When the job has succeeded before all of its pods have.
batch.v1.CronJob: Makes a job again and again, by the clock.${workload}
batch.v1.CronJobSpec: When a CronJob makes a job, and which.
  schedule: Minute, hour, day, month and weekday, such as */5 * * * *.
  timeZone: The schedule's time zone, such as Europe/Vienna; the controller's own unless set.
  concurrencyPolicy: Whether a job may start while one runs: Allow, Forbid or Replace.
  startingDeadlineSeconds: How late a job may start.
  suspend: No jobs are made while it is true.
  jobTemplate: What the jobs look like.
  successfulJobsHistoryLimit: How many that succeeded are kept. 3 unless set.
  failedJobsHistoryLimit: How many that failed are kept. 1 unless set.
autoscaling.v2.HorizontalPodAutoscaler: Changes the number of a workload's pods with
    what is measured of them.${workload}
autoscaling.v1.HorizontalPodAutoscaler: Changes the number of a workload's pods with
    their use of processors.${workload}
policy.v1.PodDisruptionBudget: How many of an application's pods have to stay when
    nodes are drained.${workload}
policy.v1.PodDisruptionBudgetSpec: How many pods have to stay.
  selector: The pods in question.
  minAvailable: How many have to be there, as a number or a percentage.
  maxUnavailable: How many may be missing; one of the two is given.
  unhealthyPodEvictionPolicy: Whether pods that are not ready may go at any time.
`;
