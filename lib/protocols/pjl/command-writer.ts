// PJL commands (HP PJL Technical Reference). Text that comes from people or documents cannot end a command or begin
// another one: control characters and quotes are taken out, and it is cut to what printers keep.

export const universalExit = '\x1b%-12345X';

export type PjlCommand =
  | { readonly command: 'JOB' | 'EOJ'; readonly name: string }
  | { readonly command: 'ECHO'; readonly text: string }
  | { readonly command: 'INFO'; readonly category: 'ID' | 'STATUS' | 'PAGECOUNT' | 'USTATUS' | 'VARIABLES' }
  | { readonly command: 'USTATUS'; readonly variable: 'JOB' | 'PAGE' | 'DEVICE'; readonly value: 'ON' | 'OFF' }
  | { readonly command: 'USTATUSOFF' };

/** JOB NAME and ECHO: 80 significant characters (chapter 5). */
const longestText = 80;

const safe = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]/g, '?')
    .replaceAll('"', "'")
    .slice(0, longestText);

const line = (command: PjlCommand): string => {
  switch (command.command) {
    case 'JOB':
    case 'EOJ':
      return `${command.command} NAME = "${safe(command.name)}"`;
    case 'ECHO':
      return `ECHO ${safe(command.text)}`;
    case 'INFO':
      return `INFO ${command.category}`;
    case 'USTATUS':
      return `USTATUS ${command.variable} = ${command.value}`;
    case 'USTATUSOFF':
      return 'USTATUSOFF';
    default:
      return command satisfies never;
  }
};

/** The commands, led in by a universal exit; a further one, or ENTER LANGUAGE, has to end them. */
export const writePjl = (commands: readonly PjlCommand[]): Buffer =>
  Buffer.from(`${universalExit}${commands.map((command) => `@PJL ${line(command)}\r\n`).join('')}`, 'latin1');
