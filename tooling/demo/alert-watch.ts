/** What Prometheus says of its alerts, as it changes. */
import { setTimeout as pause } from "node:timers/promises";

export interface AlertChange {
  readonly alert: string;
  readonly state: "inactive" | "pending" | "firing";
  /** Of an alert that fires. */
  readonly summary: string;
}

interface RulesAnswer {
  readonly data: {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly name: string;
        readonly state: AlertChange["state"];
        readonly alerts: readonly { readonly annotations: { readonly summary?: string } }[];
      }[];
    }[];
  };
}

const EVERY_MS = 300;
const ANSWER_MS = 30_000;

export class AlertWatch {
  readonly #url: string;
  readonly #tell: (change: AlertChange) => void;
  readonly #states = new Map<string, AlertChange["state"]>();
  readonly #fired = new Set<string>();

  /** `url`: of Prometheus. `tell` gets each change. */
  constructor(url: string, tell: (change: AlertChange) => void) {
    this.#url = url;
    this.#tell = tell;
  }

  /** All that have fired so far. */
  get fired(): ReadonlySet<string> {
    return this.#fired;
  }

  /** Watches until the signal. Rejects where Prometheus does not answer. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when all of them fire, or have fired since this was called. */
  async untilFiring(alerts: readonly string[], signal: AbortSignal): Promise<void> {
    const missing = new Set(alerts);
    await this.#until(signal, () => {
      for (const alert of missing) if (this.#states.get(alert) === "firing") missing.delete(alert);
      return missing.size === 0;
    });
  }

  /** Resolves when none of them is pending or fires. */
  async untilCleared(alerts: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#until(signal, () => alerts.every((alert) => this.#states.get(alert) === "inactive"));
  }

  async #until(signal: AbortSignal, isSo: () => boolean): Promise<void> {
    while (!isSo()) await pause(EVERY_MS / 3, undefined, { signal });
  }

  async #look(): Promise<void> {
    const answer = await fetch(`${this.#url}/api/v1/rules?type=alert`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { data } = (await answer.json()) as RulesAnswer;
    for (const { name, state, alerts } of data.groups.flatMap(({ rules }) => rules)) {
      const before = this.#states.get(name) ?? "inactive";
      this.#states.set(name, state);
      if (state === "firing") this.#fired.add(name);
      if (state !== before) this.#tell({ alert: name, state, summary: alerts[0]?.annotations.summary ?? "" });
    }
  }
}
