// Reads tap's output line by line (TAP 14): one line of progress per file, failures with their diagnosis, what was skipped, the sum.

const indentOf = (line) => line.length - line.trimStart().length;

/** `write` gets lines for people. */
export const createTapReader = (write) => {
  /** Names of the subtests around the current line, by depth. */
  let names = [];
  /** Depth of the deepest failure since the last test point that was not in it: the point above it needs no diagnosis of its own. */
  let failedAt = 0;
  /** Indent of the diagnosis that is being read, and whether it is shown. */
  let diagnosis;
  let counts;
  const skipped = [];

  const readPoint = (line, depth) => {
    const [, not, rest] = /^(not )?ok\b(?: \d+)?(?: - )?(.*)$/.exec(line.trim());
    const [, title, directive, reason] = /^(.*?)(?:\s*# (SKIP|TODO|time=)\s*(.*))?$/i.exec(rest);
    const name = [...names.slice(0, depth), title].filter((part) => part !== '').join(' > ');
    const word = directive?.toUpperCase();
    if (word === 'SKIP') skipped.push({ name, reason });
    const failed = not !== undefined && word !== 'SKIP' && word !== 'TODO';
    const holdsShownFailure = failed && failedAt > depth;
    if (failed && !holdsShownFailure) write(`FAILED ${name}`);
    else if (depth === 0) write(`${failed ? 'failed' : 'ok    '} ${title}${reason === undefined ? '' : `  ${reason}`}`);
    failedAt = failed ? depth : failedAt > depth ? 0 : failedAt;
    names.length = Math.min(names.length, depth + 1);
    return failed && !holdsShownFailure;
  };

  let shows = false;
  return {
    line(line) {
      const indent = indentOf(line);
      if (diagnosis !== undefined) {
        if (indent === diagnosis.indent && line.trim() === '...') diagnosis = undefined;
        else if (diagnosis.shown) write(`    ${line.slice(diagnosis.indent)}`);
        return;
      }
      const text = line.trim();
      const depth = Math.floor(indent / 4);
      if (text === '---') diagnosis = { indent, shown: shows };
      else if (text.startsWith('# Subtest: ')) {
        names.length = Math.min(names.length, depth);
        while (names.length < depth) names.push('');
        names.push(text.slice('# Subtest: '.length));
        if (depth === 0) failedAt = 0;
      } else if (/^(not )?ok\b/.test(text)) shows = readPoint(line, depth);
      else if (text.startsWith('Bail out!')) write(text);
      else if (indent === 0 && /^# \{ total: \d/.test(text)) counts = readCounts(text);
    },
    /** `counts` is undefined when tap's closing line never came. */
    result: () => ({ counts, skipped }),
  };
};

/** `# { total: 7, pass: 4, fail: 1, skip: 2 }`; what is zero is left out. A test that is still to do counts as skipped. */
const readCounts = (text) => {
  const count = (key) => Number(new RegExp(`\\b${key}: (\\d+)`).exec(text)?.[1] ?? 0);
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') + count('todo') };
};
