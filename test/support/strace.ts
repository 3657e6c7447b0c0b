// A trace of system calls as values: when each began and returned, in the order in which the tracer saw it.

/** Calls that write, sync and name files, and those that answer clients. */
export const tracedCalls =
  'openat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,rename,renameat,renameat2,unlink,sendto,sendmsg';

/** The words before the program. The program keeps its parent: the tracer runs beside it. */
export const straceOf = (trace: string): readonly string[] => [
  'strace',
  '-D',
  '-f',
  '--seccomp-bpf',
  '-yy',
  '-s',
  '12000',
  '-e',
  `trace=${tracedCalls}`,
  '-o',
  trace,
];

export interface Call {
  readonly name: string;
  readonly text: string;
  /** Lines of the trace. A call that returned at line n was over before one that began at a later line. */
  readonly begun: number;
  readonly ended: number;
}

/** Calls that returned successfully, in the order of their return. */
export const callsIn = (trace: string): readonly Call[] => {
  const unfinished = new Map<string, { text: string; begun: number }>();
  const calls: Call[] = [];
  for (const [line, written] of trace.split('\n').entries()) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/s.exec(written) ?? [];
    const begun = /^(.*) <unfinished \.\.\.>$/s.exec(rest)?.[1];
    if (begun !== undefined) {
      unfinished.set(pid, { text: begun, begun: line });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest)?.[1];
    const first = resumed === undefined ? undefined : unfinished.get(pid);
    const text = resumed === undefined ? rest : `${first?.text ?? ''}${resumed}`;
    const name = /^(\w+)\(/.exec(text)?.[1];
    if (name === undefined || / = -1 E[A-Z]+ /.test(text.slice(-200))) continue;
    calls.push({ name, text, begun: first?.begun ?? line, ended: line });
  }
  return calls;
};
