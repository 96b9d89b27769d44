/** The error line for a Node below the least one, or `undefined` where it will do. `range` is that of `engines` in a manifest: `>=MAJOR.MINOR`. */
export function refusalOf(nodeVersion: string, range: string): string | undefined {
  const [, floor = "", floorMajor, floorMinor] = /^>=((\d+)\.(\d+))$/.exec(range) ?? [];
  if (floor === "") throw new Error(`the range of Node versions is not >=MAJOR.MINOR: ${range}`);
  const [major, minor] = nodeVersion.split(".").map(Number) as [number, number];
  const isEnough = major > Number(floorMajor) || (major === Number(floorMajor) && minor >= Number(floorMinor));
  return isEnough ? undefined : `dispatch: CONFIG_INVALID: needs Node ${floor} or later, this is ${nodeVersion}`;
}
