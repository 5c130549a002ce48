import type { Feature } from './probe.ts';
import { FileSystemContext } from '../file-system-context.ts';
import { attempt, callFinding, feature, kernelFinding, type Finding } from './probe.ts';

/** Layers, mounts and safe opening. */
export function fileSystemFeatures(): Feature[] {
  return [
    feature('openat2', callFinding('openat2'), {
      present: 'Paths inside images and containers are resolved without leaving them',
      absent: 'Images cannot be unpacked safely: keelson does not run before Linux 5.6',
    }),
    feature('new-mount-calls', callFinding('fsopen'), {
      present: 'Mounts are prepared unseen, then put in place by descriptor',
      absent: 'Containers cannot be started: keelson needs Linux 5.2',
    }),
    feature('mount-setattr', callFinding('mount_setattr'), {
      present: 'Whole trees are made read-only at once (recursive read-only mounts)',
      absent: 'Containers cannot be started: keelson needs Linux 5.12',
    }),
    feature('idmapped-mounts', callFinding('mount_setattr'), {
      present: 'Volumes of pods with user namespaces show the right owners',
      absent: 'Mounts with idmap are refused',
    }),
    feature('idmapped-overlay', kernelFinding(5, 19), {
      present: 'Containers with user namespaces share the layers of their images',
      absent: 'Containers with user namespaces cannot be started from images',
    }),
    feature('idmapped-tmpfs', kernelFinding(6, 3), {
      present: 'Temporary volumes can be mapped as well',
      absent: 'Mounts of a tmpfs with idmap are refused',
    }),
    feature('statmount', callFinding('statmount'), {
      present: 'Mounts can be asked for one by one',
      absent: '/proc/self/mountinfo is read, which is what keelson does everywhere',
    }),
    ...overlayFeatures(),
  ];
}

function overlayFeatures(): Feature[] {
  const overlay = attempt('The kernel has overlay', () => overlayContext().close());
  return [
    feature('overlay', overlay, {
      present: 'Containers share the layers of their images',
      absent: 'Containers cannot be started from images: load the module "overlay"',
    }),
    feature(
      'overlay-lowerdir+',
      optionFinding((context) => context.setString('lowerdir+', '/'), kernelFinding(6, 5)),
      {
        present: 'Images may have as many layers as overlay itself takes (500)',
        absent: "Images with many layers need short names, for mount's 4095 bytes",
      },
    ),
    feature(
      'overlay-userxattr',
      optionFinding((context) => context.setFlag('userxattr'), kernelFinding(5, 11)),
      {
        present: 'Overlays can be mounted inside user namespaces',
        absent: 'Overlays cannot be mounted by rootless callers',
      },
    ),
  ];
}

/**
 * Asks for an option by setting it. Before Linux 6.5 overlay takes any option and looks at it when
 * it is mounted, which is shown by its taking nonsense: then the version has to do.
 */
function optionFinding(set: Act, byVersion: Finding): Finding {
  const nonsense = accepts((context) => context.setString('nonsense', '1'));
  return nonsense.available ? byVersion : accepts(set);
}

type Act = (context: FileSystemContext) => unknown;

function accepts(act: Act): Finding {
  return attempt('The option is taken', () => {
    using opened = overlayContext();
    act(opened.context);
  });
}

/** The context and its end in one, for there are two ways in which it ends. */
function overlayContext(): Disposable & { context: FileSystemContext; close(): void } {
  const context = FileSystemContext.open('overlay');
  const close = () => context[Symbol.dispose]();
  return { context, close, [Symbol.dispose]: close };
}
