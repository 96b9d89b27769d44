/** What a service is, to the commands that start and stop it: one implementation for each kind of broker. */

/** How its servers stand together. */
export type Form = "single" | "cluster" | "sentinel" | "tls";

export interface Service {
  readonly name: string;
  /** What `--version` takes. */
  readonly versions: readonly string[];
  readonly defaultVersion: string;
  readonly forms: readonly Form[];
  /** How many ports of 127.0.0.1 an instance needs. */
  portCount(form: Form): number;
  /** Brings the programs; fast when they are there. Throws with one line that says what to install. */
  install(version: string): Promise<void>;
  /**
   * Starts all servers of a site and resolves when they answer. Called again after they ended, with the same site: then they go on with their data.
   * `launch` starts a program and writes it down, so that it is found again whatever happens to this process.
   */
  start(site: Site, launch: Launch): Promise<void>;
  /** How clients reach it. Pure. */
  reach(site: Site): Reach;
  /** Asks a server for its release; throws where none answers. For servers that somebody else started. */
  release(url: string): Promise<string>;
  /** What `dispatch --config` needs for a server that somebody else started; `undefined`: no backend has such a broker. */
  configOf(url: string): Config | undefined;
  /** Is its single form in compose.yaml, under `NAME-VERSION`? */
  readonly inDocker: boolean;
}

/** Where one instance lives. */
export interface Site {
  readonly version: string;
  readonly form: Form;
  /** Its own folder; absolute. */
  readonly folder: string;
  readonly ports: readonly number[];
}

export interface Reach {
  /** For clients; comma-separated where there are several servers. */
  readonly url: string;
  /** The content of a file for `dispatch --config`; `undefined`: no backend has such a broker. */
  readonly config: Config | undefined;
  /** The certificate of the authority that signed the servers' own; for NODE_EXTRA_CA_CERTS. */
  readonly ca?: string;
  /** An HTTP API for whoever looks after it. */
  readonly admin?: string;
}

/** Keys of docs/configuration.md. */
export type Config = Readonly<Record<string, string | number | boolean>>;

/** A program to be started. It gets no input; what it says goes to `FOLDER/log` of its folder. */
export interface Program {
  /** Its name within the instance; also its folder's. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A helper that clients never talk to; its process is not named in the line. Default false. */
  readonly aside?: boolean;
  /** A file into which the program writes the process id that counts, where it is not the one that was started. */
  readonly pidFile?: string;
}

/** Starts a program on its own, in a session of its own, so that it outlives this process. */
export type Launch = (program: Program) => Promise<ServerProcess>;

/** A started program. Its id may be another's once it has ended; with the start time it cannot be mistaken. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** Clock ticks from the machine's start to its own, from /proc. */
  readonly startTicks: string;
  readonly aside: boolean;
}
