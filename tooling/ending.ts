/** Signals that end a command which has things of its own to end first. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface Ending {
  /** Fires with the first of them. Whoever is impatient gets no more than that: what was started would be left behind. */
  readonly signal: AbortSignal;
  /** The exit code for the one that came; absent: none has. */
  readonly exitCode: () => number | undefined;
}

/** From now on Ctrl-C, SIGTERM and SIGHUP fire the signal, and nothing else. */
export function heedSignals(): Ending {
  const stop = new AbortController();
  let exitCode: number | undefined;
  for (const [name, code] of Object.entries(EXIT_CODES)) {
    process.on(name, () => {
      exitCode ??= code;
      stop.abort();
    });
  }
  return { signal: stop.signal, exitCode: () => exitCode };
}
