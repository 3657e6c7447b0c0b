// Where things are in the store (DESIGN section 4). Ids are written with leading zeros so that keys sort as numbers do.

const root = '/platen/1/';
const idDigits = 10;

const padded = (id: number): string => String(id).padStart(idDigits, '0');

export const keys = {
  cluster: `${root}cluster`,
  /** What nodes prove to each other that they share this store with. */
  secret: `${root}secret`,
  nodes: `${root}nodes/`,
  node: (node: string) => `${root}nodes/${node}`,
  groups: `${root}groups/`,
  group: (group: string) => `${root}groups/${group}`,
  owners: `${root}owners/`,
  owner: (group: string) => `${root}owners/${group}`,
  printers: (group: string) => `${root}printers/${group}/`,
  printer: (group: string, printer: string) => `${root}printers/${group}/${printer}`,
  /** Versions of the group's records, where there are newer ones than the first. */
  formatsAll: `${root}formats/`,
  formats: (group: string) => `${root}formats/${group}`,
  device: (address: string) => `${root}devices/${address}`,
  /** Virtual servers' addresses and names: each of one group. */
  address: (address: string) => `${root}addresses/${address}`,
  networkName: (name: string) => `${root}names/${name}`,
  jobs: (group: string) => `${root}jobs/${group}/`,
  job: (group: string, id: number) => `${root}jobs/${group}/${padded(id)}`,
  done: (group: string) => `${root}done/${group}/`,
  doneJob: (group: string, id: number) => `${root}done/${group}/${padded(id)}`,
  jobIds: (group: string) => `${root}job-ids/${group}`,
  /** Changes of owner, by epoch. */
  history: (group: string) => `${root}history/${group}/`,
  takeover: (group: string, epoch: number) => `${root}history/${group}/${padded(epoch)}`,
  events: `${root}events/`,
  event: (sequence: number) => `${root}events/${String(sequence).padStart(15, '0')}`,
} as const;
