// `platen`: the command line, put together. Each command is a file of its own.

import { Command, CommanderError } from 'commander';
import { version } from '../platform/version.js';
import { caInit } from './ca/init.js';
import { caIssue } from './ca/issue.js';
import { caList } from './ca/list.js';
import { caRevoke } from './ca/revoke.js';
import { type CliParts, examples } from './cli.js';
import { clusterExplain } from './cluster/explain.js';
import { clusterStatus } from './cluster/status.js';
import { events } from './events.js';
import { CliError, exitCodeHelp, exitCodes } from './exit-codes.js';
import { groupCreate } from './group/create.js';
import { groupList } from './group/list.js';
import { groupMove } from './group/move.js';
import { groupRemove } from './group/remove.js';
import { groupSet } from './group/set.js';
import { groupShow } from './group/show.js';
import { history } from './history.js';
import { jobCancel } from './job/cancel.js';
import { jobHold } from './job/hold.js';
import { jobList } from './job/list.js';
import { jobPrint } from './job/print.js';
import { jobRelease } from './job/release.js';
import { jobRestart } from './job/restart.js';
import { jobShow } from './job/show.js';
import { nodeDrain } from './node/drain.js';
import { nodeList } from './node/list.js';
import { nodeResume } from './node/resume.js';
import { printerAccept } from './printer/accept.js';
import { printerAdd } from './printer/add.js';
import { printerList } from './printer/list.js';
import { printerPause } from './printer/pause.js';
import { printerReject } from './printer/reject.js';
import { printerRemove } from './printer/remove.js';
import { printerResume } from './printer/resume.js';
import { printerSet } from './printer/set.js';
import { printerShow } from './printer/show.js';
import { resourceAdd } from './resource/add.js';
import { resourceOffline } from './resource/offline.js';
import { resourceOnline } from './resource/online.js';
import { resourceRemove } from './resource/remove.js';
import { status } from './status.js';
import { jsonText, printable } from './terminal.js';

const environmentHelp = `Environment: PLATEN_URL, PLATEN_TOKEN_FILE, PLATEN_STATE, PLATEN_CONFIG, PLATEN_CA, PLATEN_GROUP stand for the options of those names.`;

/** `saysErrors` false: wrong usage is told by whoever runs it. */
export const createProgram = (cli: CliParts, { saysErrors = true }: { saysErrors?: boolean } = {}): Command => {
  const { terminal } = cli;
  const program = new Command('platen')
    .description('Operates a Platen print server: its cluster, printers, jobs and events.')
    .version(version)
    .option('--url <url>', 'the node; default: what the configuration says, else http://127.0.0.1:8630')
    .option('--state <directory>', "the node's state directory, where its token is; default: ./spool")
    .option('--token-file <file>', 'the token itself, instead of <state>/token')
    .option('--ca <file>', "the certificate of the cluster's authority; default: the configuration's cluster.tls.ca")
    .option('--config <file>', "the node's configuration, to find both")
    .option('--group <name>', 'the virtual server; needed where a node has several')
    .option('--json', 'answer in JSON, for programs')
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => terminal.line(text.replace(/\n$/, '')),
      writeErr: (text) => saysErrors && terminal.note(printable(text.replace(/\n$/, '')).replaceAll('\\x0a', '\n')),
    })
    .showHelpAfterError('(--help shows how)')
    .exitOverride()
    .addHelpText('after', `\n${exitCodeHelp}\n\n${environmentHelp}`)
    .addHelpText(
      'after',
      examples(
        'status',
        'printer add lobby --device socket://192.0.2.10',
        'job print letter.pdf --printer lobby --wait',
      ),
    );
  status(program, cli);
  const printer = program.command('printer').description('printers: what jobs are sent to');
  for (const add of [
    printerList,
    printerShow,
    printerAdd,
    printerSet,
    printerRemove,
    printerPause,
    printerResume,
    printerAccept,
    printerReject,
  ])
    add(printer, cli);
  const job = program.command('job').description('jobs: waiting, being printed, finished');
  for (const add of [jobList, jobShow, jobPrint, jobCancel, jobHold, jobRelease, jobRestart]) add(job, cli);
  const group = program.command('group').description('groups: virtual servers that move between nodes');
  for (const add of [groupList, groupShow, groupCreate, groupSet, groupRemove, groupMove]) add(group, cli);
  const resource = program
    .command('resource')
    .description("a group's resources: addresses, network name, print spooler");
  for (const add of [resourceAdd, resourceRemove, resourceOffline, resourceOnline]) add(resource, cli);
  const node = program.command('node').description('nodes of the cluster');
  for (const add of [nodeList, nodeDrain, nodeResume]) add(node, cli);
  const cluster = program.command('cluster').description('the cluster as a whole');
  for (const add of [clusterStatus, clusterExplain]) add(cluster, cli);
  const ca = program.command('ca').description("the cluster's own certificates; needs no node");
  for (const add of [caInit, caIssue, caList, caRevoke]) add(ca, cli);
  history(program, cli);
  events(program, cli);
  return program;
};

/** Runs one command line (without `node` and the script); resolves with the exit code. */
export const runCli = async (argv: readonly string[], cli: CliParts): Promise<number> => {
  const json = argv.includes('--json');
  const sayJson = (error: { code: string; message: string; advice?: string | undefined }): void =>
    cli.terminal.note(jsonText({ error }));
  try {
    await createProgram(cli, { saysErrors: !json }).parseAsync([...argv], { from: 'user' });
    return exitCodes.ok.code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok.code;
      if (json) sayJson({ code: 'usage', message: error.message });
      return exitCodes.usage.code;
    }
    if (!(error instanceof CliError)) throw error;
    const { message, advice, exit, code } = error;
    if (json) {
      sayJson({ code, message, advice });
      return exitCodes[exit].code;
    }
    cli.terminal.note(`platen: ${message.split('\n').map(printable).join('\n')}`);
    if (advice !== undefined) cli.terminal.note(printable(advice));
    return exitCodes[exit].code;
  }
};
