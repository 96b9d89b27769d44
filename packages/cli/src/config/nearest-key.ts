/** Longer ones are like nothing that is known. */
const MOST_CHARACTERS = 64;

/** The known key that is most like another, or `undefined` where none is like it. Case, `_`, `-` and `.` count only between equals. */
export function nearestKey(key: string, known: Iterable<string>): string | undefined {
  if (key.length > MOST_CHARACTERS) return undefined;
  const wanted = bare(key);
  let nearest: string | undefined;
  let least = Math.max(2, wanted.length / 3) + 1;
  for (const candidate of known) {
    const changes = distance(wanted, bare(candidate));
    const nearer =
      changes < least ||
      (changes === least && nearest !== undefined && distance(key, candidate) < distance(key, nearest));
    if (!nearer) continue;
    least = changes;
    nearest = candidate;
  }
  return nearest;
}

function bare(key: string): string {
  return key.toLowerCase().replace(/[_.-]/g, "");
}

/** How many letters must change to get from one word to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const [left = 0, above = 0, before = 0] = [next[at - 1], row[at], row[at - 1]];
      next.push(Math.min(left + 1, above + 1, before + (letter === to[at - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
