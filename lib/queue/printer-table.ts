// The printers of one group, in memory as the store has them.

import { isIP } from 'node:net';
import { PlatenError } from '../errors.js';
import { isName, nameRule } from '../model/names.js';
import { isUsualDevicePort, parseDeviceUri } from '../model/device-uri.js';
import { defaultDeviceOptions, type DeviceOptions, type PrinterRecord } from '../model/printer.js';
import { recordVersions, tooNew } from '../model/versions.js';
import { keys } from '../store/keys.js';
import type { Change, Compare, Json, Store } from '../store/store.js';
import { canonicalAddress } from '../platform/ip-address.js';
import { claimsOf } from './device-locks.js';
import type { GroupWrites } from './group-writes.js';

export type PrinterListener = (printer: PrinterRecord | undefined, before: PrinterRecord | undefined) => void;

/** What an operator says of a printer; everything but name and device has a default. */
export type PrinterDraft = Pick<PrinterRecord, 'name' | 'deviceUri'> &
  Partial<
    Pick<
      PrinterRecord,
      | 'info'
      | 'location'
      | 'makeAndModel'
      | 'formats'
      | 'accepting'
      | 'paused'
      | 'interrupted'
      | 'maxAttempts'
      | 'resends'
    >
  > & { readonly device?: Partial<PrinterRecord['device']> };

/** What is to change; `null` takes an optional setting of the device away. */
export type PrinterSettings = Partial<Omit<PrinterDraft, 'name' | 'device'>> & {
  readonly device?: Partial<Omit<DeviceOptions, 'snmp' | 'localAddress'>> & {
    readonly snmp?: DeviceOptions['snmp'] | null;
    readonly localAddress?: string | null;
  };
};

interface Held {
  readonly record: PrinterRecord;
  readonly revision: number;
}

interface Parts {
  readonly group: string;
  readonly store: Store;
  readonly writes: GroupWrites;
  /** Every address of a host name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Device ports allowed beyond the usual ones (R46). */
  readonly devicePorts: readonly number[];
  readonly defaults: Pick<PrinterRecord, 'interrupted' | 'maxAttempts'>;
  readonly now: () => number;
  readonly newUuid: () => string;
}

const asJson = (record: PrinterRecord): Json => record as unknown as Json;

const changedDevice = (before: DeviceOptions, changes: PrinterSettings['device']): DeviceOptions =>
  Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null),
  ) as unknown as DeviceOptions;

/** The device that it leaves is let go later. */
const moved = ({ formerAddresses, ...printer }: PrinterRecord, deviceAddresses: readonly string[]): PrinterRecord => {
  const claimed = [...printer.deviceAddresses, ...(formerAddresses ?? [])];
  const former = claimed.filter((address) => !deviceAddresses.includes(address));
  return { ...printer, deviceAddresses, ...(former.length === 0 ? {} : { formerAddresses: former }) };
};

export class PrinterTable {
  readonly #parts: Parts;
  readonly #printers = new Map<string, Held>();
  readonly #listeners: PrinterListener[] = [];
  /** All printers in the order of their names, once somebody asked. */
  #sorted: readonly PrinterRecord[] | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Also lets go the devices that an ownership which ended in the middle of a change was leaving: nothing of it is sent any more. */
  async load(): Promise<void> {
    await this.#read();
    for (const printer of this.all()) await this.#freeFormer(printer);
  }

  async #read(): Promise<void> {
    const prefix = keys.printers(this.#parts.group);
    let from: string | undefined;
    for (;;) {
      const range = await this.#parts.store.range(prefix, { limit: 500, ...(from === undefined ? {} : { from }) });
      for (const { value, revision } of range.entries) {
        const record = value as unknown as PrinterRecord;
        const fault = tooNew('printer', record, `printer ${record.name}`);
        if (fault !== undefined) throw new PlatenError('record-too-new', fault);
        this.#keep(record, revision);
      }
      const last = range.entries.at(-1);
      if (!range.more || last === undefined) return;
      from = `${last.key}\0`;
    }
  }

  onChange(listener: PrinterListener): void {
    this.#listeners.push(listener);
  }

  get(name: string): PrinterRecord | undefined {
    return this.#printers.get(name)?.record;
  }

  /** Throws `printer-not-found`. */
  must(name: string): PrinterRecord {
    const printer = this.get(name);
    if (printer === undefined)
      throw new PlatenError('printer-not-found', `there is no printer ${JSON.stringify(name)}`);
    return printer;
  }

  /** In the order of their names. */
  all(): PrinterRecord[] {
    this.#sorted ??= [...this.#printers.values()]
      .map(({ record }) => record)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return [...this.#sorted];
  }

  /** Throws `bad-request`, `device-refused`, `device-in-use`, `printer-exists`. */
  async add(draft: PrinterDraft): Promise<PrinterRecord> {
    if (!isName(draft.name)) throw new PlatenError('bad-request', `${JSON.stringify(draft.name)}: ${nameRule}`);
    const addresses = await this.#addressesOf(draft.deviceUri);
    return this.#serially(async () => {
      if (this.#printers.has(draft.name))
        throw new PlatenError('printer-exists', `printer ${draft.name} exists already`);
      const now = this.#parts.now();
      const { device, ...said } = draft;
      const record: PrinterRecord = {
        version: recordVersions.printer,
        uuid: this.#parts.newUuid(),
        info: draft.name,
        location: '',
        makeAndModel: 'Raw printer',
        formats: [],
        accepting: true,
        paused: false,
        pausedMessage: '',
        ...this.#parts.defaults,
        ...said,
        deviceAddresses: addresses,
        device: { ...defaultDeviceOptions, ...device },
        created: now,
        changed: now,
      };
      return this.#put(record, undefined);
    });
  }

  /** A device that the printer leaves stays the group's until `left` resolves: nothing is sent there any more (P2). */
  async change(
    name: string,
    settings: PrinterSettings & { pausedMessage?: string },
    left: () => Promise<void> = async () => {},
  ): Promise<PrinterRecord> {
    const addresses = settings.deviceUri === undefined ? undefined : await this.#addressesOf(settings.deviceUri);
    const changed = await this.#serially(() => this.#change(name, settings, addresses));
    if (addresses === undefined || changed.formerAddresses === undefined) return changed;
    await left();
    return this.#serially(() => this.#freeFormer(changed));
  }

  /** Takes the addresses to which the name of its device leads by now (R48). Throws as `change` does. */
  async follow(name: string): Promise<void> {
    const { deviceUri, deviceAddresses } = this.must(name);
    const addresses = await this.#addressesOf(deviceUri);
    if (addresses.every((address) => deviceAddresses.includes(address))) return;
    await this.change(name, { deviceUri });
  }

  async #change(
    name: string,
    settings: PrinterSettings & { pausedMessage?: string },
    addresses: readonly string[] | undefined,
  ): Promise<PrinterRecord> {
    const before = this.must(name);
    const { device, ...said } = settings;
    const record: PrinterRecord = {
      ...(addresses === undefined ? before : moved(before, addresses)),
      ...said,
      device: changedDevice(before.device, device),
      changed: this.#parts.now(),
    };
    return this.#put(record, before);
  }

  async #freeFormer({ name, deviceUri }: PrinterRecord): Promise<PrinterRecord> {
    const before = this.must(name);
    // Whoever changed the device meanwhile sees to it.
    if (before.deviceUri !== deviceUri || before.formerAddresses === undefined) return before;
    const { formerAddresses: _, ...record } = before;
    // Nobody is told: how it is printed stays as it is.
    await this.#write(record, before);
    return record;
  }

  /** `hasJobs` is asked at the moment of removal. Throws `printer-has-jobs`. */
  async remove(name: string, hasJobs: () => boolean): Promise<void> {
    return this.#serially(async () => {
      const before = this.must(name);
      if (hasJobs()) throw new PlatenError('printer-has-jobs', `printer ${name} still has unfinished jobs`);
      await this.#delete(before);
      this.#tell(undefined, before);
    });
  }

  /** The printer is out of sight before the record goes: no job can come to it meanwhile. */
  async #delete(printer: PrinterRecord): Promise<void> {
    const key = keys.printer(this.#parts.group, printer.name);
    const revision = this.#printers.get(printer.name)?.revision ?? 0;
    const freed = this.#addressesOnlyOf(printer, claimsOf(printer));
    this.#printers.delete(printer.name);
    this.#sorted = undefined;
    try {
      const made = await this.#parts.writes.commit(
        [{ key, revision }],
        [{ delete: key }, ...freed.map((address) => ({ delete: keys.device(address) }))],
      );
      if (made === undefined) throw new Error(`printer ${printer.name} was changed behind its owner's back`);
    } catch (error) {
      this.#keep(printer, revision);
      throw error;
    }
  }

  #keep(record: PrinterRecord, revision: number): void {
    this.#printers.set(record.name, { record, revision });
    this.#sorted = undefined;
  }

  async #put(record: PrinterRecord, before: PrinterRecord | undefined): Promise<PrinterRecord> {
    await this.#write(record, before);
    this.#tell(record, before);
    return record;
  }

  async #write(record: PrinterRecord, before: PrinterRecord | undefined): Promise<void> {
    const { group, store, writes } = this.#parts;
    const key = keys.printer(group, record.name);
    const compares: Compare[] = [{ key, revision: this.#printers.get(record.name)?.revision ?? 0 }];
    const changes: Change[] = [{ put: key, value: asJson(record) }];
    for (const address of record.deviceAddresses) {
      const entry = await store.get(keys.device(address));
      const holder = (entry?.value as { group?: string } | undefined)?.group;
      if (holder !== undefined && holder !== group)
        throw new PlatenError('device-in-use', `the device ${address} belongs to group ${holder}`);
      compares.push({ key: keys.device(address), revision: entry?.revision ?? 0 });
      if (entry === undefined) changes.push({ put: keys.device(address), value: { version: 1, group } });
    }
    if (before !== undefined) {
      const gone = claimsOf(before).filter((address) => !claimsOf(record).includes(address));
      for (const address of this.#addressesOnlyOf(before, gone)) changes.push({ delete: keys.device(address) });
    }
    const revision = await writes.commit(compares, changes);
    if (revision === undefined)
      throw new PlatenError('device-in-use', `the device of ${record.name} was given to another group just now`);
    this.#keep(record, revision);
  }

  /** Those of the addresses that no other printer of the group uses. */
  #addressesOnlyOf(printer: PrinterRecord, addresses: readonly string[]): string[] {
    if (addresses.length === 0) return [];
    const others = new Set(
      this.all()
        .filter(({ name }) => name !== printer.name)
        .flatMap(claimsOf),
    );
    return addresses.filter((address) => !others.has(address));
  }

  async #addressesOf(deviceUri: string): Promise<readonly string[]> {
    const parsed = parseDeviceUri(deviceUri);
    if (!parsed.ok) throw new PlatenError('device-refused', parsed.reason);
    const { host, port } = parsed.uri;
    if (!isUsualDevicePort(port) && !this.#parts.devicePorts.includes(port))
      throw new PlatenError(
        'device-refused',
        `port ${port} is not a printer's usual port (515, 631, 9100 to 9107): list it under devicePorts in the configuration`,
      );
    if (isIP(host) !== 0) return [canonicalAddress(host)];
    const addresses = await this.#parts.resolve(host).catch((cause: unknown) => {
      throw new PlatenError('device-refused', `the host name ${host} cannot be resolved`, { cause });
    });
    if (addresses.length === 0) throw new PlatenError('device-refused', `the host name ${host} has no address`);
    return [...new Set(addresses.map(canonicalAddress))].sort();
  }

  #tell(printer: PrinterRecord | undefined, before: PrinterRecord | undefined): void {
    for (const listener of this.#listeners) listener(printer, before);
  }

  async #serially<Result>(act: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(act, act);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
