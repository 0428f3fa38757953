// Run by orphan-guard.ts beside a runner. Its input names process groups, `+123` and `-123`, one a line; the input ends when the runner is
// gone, however it died, and then every group that was not taken back is killed. Plain JavaScript, so that it is up in few milliseconds.
const groups = new Set();
let rest = '';

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const group = Number(line.slice(1));
    if (line[0] === '+') groups.add(group);
    else groups.delete(group);
  }
});
process.stdin.on('end', () => {
  for (const group of groups) {
    try {
      if (group > 1) process.kill(-group, 'SIGKILL');
    } catch {
      // Nobody is left in it.
    }
  }
  process.exit(0);
});
