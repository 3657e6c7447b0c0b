// A disk of its own for a node, whose power can be cut: an ext4 file system in an image that is copied while it is in use.

import { copyFile, mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, which } from './peers.js';

const imageBytes = 256 << 20;

const must = async (command: string, ...args: string[]): Promise<string> => {
  const { status, stdout, stderr } = await run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout.trim();
};

export interface Disk {
  /** Where it is mounted. */
  readonly folder: string;
  /** The disk as it would be found after a power cut now: what no sync has brought to it is lost. The writers must stand still. */
  copy(image: string): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts an image; replays its journal. Nothing but syncs writes to it within 5 minutes. */
export const mountImage = async (image: string, folder: string): Promise<Disk> => {
  await mkdir(folder, { recursive: true });
  await must('mount', '-o', 'loop,commit=300', image, folder);
  let mounted = true;
  return {
    folder,
    copy: (target) => copyFile(image, target),
    unmount: async () => {
      if (!mounted) return;
      mounted = false;
      await must('umount', folder);
    },
  };
};

/** An empty ext4 file system. */
export const makeImage = async (image: string): Promise<void> => {
  await writeFile(image, '');
  await truncate(image, imageBytes);
  await must('mkfs.ext4', '-q', '-F', '-m', '0', image);
};

/** Why no image can be mounted here; undefined when one can. */
export const noImages = async (directory: string): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return 'the tests do not run as root';
  const missing = ['mkfs.ext4', 'mount', 'umount'].find((name) => which(name) === undefined);
  if (missing !== undefined) return `${missing} is not installed`;
  try {
    const image = path.join(directory, 'trial.img');
    await makeImage(image);
    const disk = await mountImage(image, path.join(directory, 'trial'));
    await disk.unmount();
    return undefined;
  } catch (error) {
    return `no image can be mounted: ${(error as Error).message}`;
  }
};
