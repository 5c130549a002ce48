import type { CommandEntry } from './command-entry.ts';

/** Every command, each loaded only when it is called. */
export const commandTable: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'Make a container and start it',
    load: () => import('./commands/run.ts'),
    failureCode: 125,
  },
  create: { summary: 'Make a container', load: () => import('./commands/create.ts') },
  start: { summary: 'Start containers', load: () => import('./commands/start.ts') },
  stop: { summary: 'Stop containers', load: () => import('./commands/stop.ts') },
  restart: {
    summary: 'Stop containers and start them again',
    load: () => import('./commands/restart.ts'),
  },
  kill: { summary: 'Send containers a signal', load: () => import('./commands/kill.ts') },
  pause: {
    summary: 'Freeze all processes of containers',
    load: () => import('./commands/pause.ts'),
  },
  unpause: { summary: 'Let paused containers go on', load: () => import('./commands/unpause.ts') },
  rm: { summary: 'Remove containers', load: () => import('./commands/rm.ts') },
  wait: { summary: 'Wait until containers end', load: () => import('./commands/wait.ts') },
  rename: { summary: 'Give a container another name', load: () => import('./commands/rename.ts') },
  update: { summary: 'Change limits of containers', load: () => import('./commands/update.ts') },
  exec: {
    summary: 'Run a command in a running container',
    load: () => import('./commands/exec.ts'),
    failureCode: 125,
  },
  attach: {
    summary: "Connect to a running container's input and output",
    load: () => import('./commands/attach.ts'),
  },
  ps: { summary: 'List containers', load: () => import('./commands/ps.ts') },
  logs: { summary: 'Show the output of a container', load: () => import('./commands/logs.ts') },
  inspect: {
    summary: 'Show all about containers or images',
    load: () => import('./commands/inspect.ts'),
  },
  stats: { summary: 'Show what containers use', load: () => import('./commands/stats.ts') },
  top: { summary: 'List the processes of a container', load: () => import('./commands/top.ts') },
  'port-forward': {
    summary: "Reach ports of a container's loopback from here",
    load: () => import('./commands/port-forward.ts'),
  },
  bandwidth: {
    summary: "Show or change the limits of a pod's network",
    load: () => import('./commands/bandwidth.ts'),
  },
  port: { summary: 'List published ports', load: () => import('./commands/port.ts') },
  diff: { summary: 'List what a container changed', load: () => import('./commands/diff.ts') },
  cp: { summary: 'Copy files from or to a container', load: () => import('./commands/cp.ts') },
  commit: {
    summary: "Make an image of a container's files",
    load: () => import('./commands/commit.ts'),
  },
  events: { summary: 'Follow what happens', load: () => import('./commands/events.ts') },
  images: { summary: 'List images', load: () => import('./commands/images.ts') },
  pull: { summary: 'Get an image from a registry', load: () => import('./commands/pull.ts') },
  push: { summary: 'Send an image to a registry', load: () => import('./commands/push.ts') },
  tag: { summary: 'Give an image another name', load: () => import('./commands/tag.ts') },
  rmi: { summary: 'Remove images', load: () => import('./commands/rmi.ts') },
  save: { summary: 'Write images to an archive', load: () => import('./commands/save.ts') },
  load: { summary: 'Read images from an archive', load: () => import('./commands/load.ts') },
  import: {
    summary: 'Make an image of a root file system',
    load: () => import('./commands/import.ts'),
  },
  history: {
    summary: 'Show how an image was made, or what changed an object of the cluster',
    load: () => import('./commands/history.ts'),
  },
  volume: {
    summary: 'Volumes that outlive containers',
    load: () => import('./commands/volume.ts'),
  },
  system: { summary: 'Disk use, and freeing it', load: () => import('./commands/system.ts') },
  info: { summary: 'Show what the runtime is and has', load: () => import('./commands/info.ts') },
  version: { summary: 'Show versions', load: () => import('./commands/version.ts') },
  trace: {
    summary: 'Run a container and show how long each step took',
    load: () => import('./commands/trace.ts'),
    failureCode: 125,
  },
  cni: {
    summary: "List, compare and clean up containers' network interfaces",
    load: () => import('./commands/cni.ts'),
  },
  doctor: { summary: 'Show what the machine offers', load: () => import('./commands/doctor.ts') },
  runtime: { summary: 'Be the runtime', load: () => import('./commands/runtime.ts') },
  explain: {
    summary: 'Show why the scheduler put a pod where it is, or nowhere',
    load: () => import('./commands/explain.ts'),
  },
  backup: {
    summary: 'Write the state of the cluster to a file',
    load: () => import('./commands/backup.ts'),
  },
  restore: {
    summary: 'Make the cluster what it was at a backup',
    load: () => import('./commands/restore.ts'),
  },
  coordinator: {
    summary: 'Be the cluster coordinator: the Kubernetes API and its store',
    load: () => import('./commands/coordinator.ts'),
  },
  up: {
    summary: 'Make this machine a node: runtime, network, kubelet and coordinator',
    load: () => import('./commands/up.ts'),
  },
  down: {
    summary: 'Undo keelson up: end its parts, remove the pods',
    load: () => import('./commands/down.ts'),
  },
  token: {
    summary: 'Make a token, and print what `keelson up --join` takes',
    load: () => import('./commands/token.ts'),
  },
  network: {
    summary: "Be the node's network agent: overlay, services and names",
    load: () => import('./commands/network.ts'),
  },
  ingress: {
    summary: "Be the node's Ingress proxy",
    load: () => import('./commands/ingress.ts'),
  },
  kubelet: {
    summary: "Be the node's kubelet: run the pods that are bound to it",
    load: () => import('./commands/kubelet.ts'),
  },
  node: {
    summary: "Be the node's kubelet and network agent in one process",
    load: () => import('./commands/node.ts'),
  },
  completion: {
    summary: 'Print completion for a shell',
    load: async () => (await import('./commands/completion.ts')).completionOf(commandTable),
  },
};

/** Other names that users know. */
export const aliases: Readonly<Record<string, string>> = {
  ls: 'ps',
  list: 'ps',
  remove: 'rm',
  'remove-image': 'rmi',
};
