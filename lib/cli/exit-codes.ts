// What `platen` ends with, for scripts.

export const exitCodes = {
  ok: { code: 0, meaning: 'done' },
  refused: { code: 1, meaning: 'the node refused or could not do it; with --wait: the job was not printed' },
  usage: { code: 2, meaning: 'the command line, a file or the configuration is wrong; nothing was asked' },
  unreachable: { code: 3, meaning: 'no answer from the node' },
  'not-authorized': { code: 4, meaning: 'the token is missing, unreadable or wrong' },
  'not-found': { code: 5, meaning: 'there is no such printer, job, group, node or resource' },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type ExitName = keyof typeof exitCodes;

/** Ends the command; the message says what happened, the advice what to do. */
export class CliError extends Error {
  readonly exit: ExitName;
  readonly advice: string | undefined;
  /** The node's error code; else the exit's name. */
  readonly code: string;

  constructor(exit: ExitName, message: string, advice?: string, code: string = exit) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
    this.advice = advice;
    this.code = code;
  }
}

export const exitCodeHelp = `Exit codes:\n${Object.values(exitCodes)
  .map(({ code, meaning }) => `  ${code}  ${meaning}`)
  .join('\n')}`;
