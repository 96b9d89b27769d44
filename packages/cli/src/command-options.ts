import { type Command, Option } from "commander";
import { misuse } from "./failure.ts";
import { durationMs, fileName, isolation, listenAddress, nameOf, oneOf, onOrOff, wholeNumber } from "./options.ts";

const LOG_MODES = ["text", "json", "off"] as const;
const MAX_LEASE_MS = 12 * 3_600_000;

/** An option whose value is parsed by one of `options.ts`. */
function parsed<T>(flags: string, description: string, parse: (text: string) => T): Option {
  return new Option(flags, description).argParser(parse);
}

// What a configuration file may say too has no default here: what is not given is to be told from what is.

/** Adds what every command takes that works with a backend. */
export function addCommonOptions(command: Command): Command {
  const config = parsed("--config <FILE>", "JSON, TOML or YAML; the other options win over it", fileName("--config"));
  return addCommonSettings(command.addOption(config));
}

/** Adds what commands take that run tasks. */
export function addWorkOptions(command: Command): Command {
  return addWorkSettings(addCommonOptions(command));
}

/** Adds every option that a configuration file may hold too. */
export function addSettings(command: Command): Command {
  return addRunSettings(addWorkSettings(addCommonSettings(command)));
}

function addCommonSettings(command: Command): Command {
  return command
    .option("--backend <NAME|URL>", "memory, redis, sqs, rabbitmq, kafka, or a URL (default: memory)")
    .addOption(parsed("--queue <NAME>", "the queue (default: default)", nameOf("--queue")))
    .addOption(
      parsed("--namespace <NAME>", "what names on the broker begin with (default: dispatch)", nameOf("--namespace")),
    )
    .addOption(
      parsed(
        "--log <MODE>",
        "on standard error: text (the default), json (events as JSON lines) or off",
        oneOf("--log", LOG_MODES),
      ),
    )
    .option("--create", "may make queues and topics");
}

function addWorkSettings(command: Command): Command {
  return command
    .addOption(
      parsed(
        "--http <HOST:PORT>",
        "serves /metrics, /livez, /readyz and /scale; needs @org/dispatch-metrics",
        listenAddress("--http"),
      ),
    )
    .addOption(parsed("--concurrency <N>", "tasks at a time (default: 10)", wholeNumber("--concurrency", 1, 100_000)))
    .addOption(
      parsed(
        "--lease <MS>",
        "how long a task is held without a sign of life (default: 60000)",
        durationMs("--lease", 100, MAX_LEASE_MS),
      ),
    )
    .addOption(
      parsed("--timeout <MS>", "the longest that one attempt may take (default: 300000)", durationMs("--timeout", 1)),
    )
    .addOption(
      parsed(
        "--max-attempts <N>",
        "attempts before a task is dead (default: 5)",
        wholeNumber("--max-attempts", 1, 65_535),
      ),
    )
    .addOption(
      parsed("--isolation <MODE>", "where handlers run: inline; thread and process need a package", isolation),
    );
}

/** The option of what runs tasks. It is asked for where it is used, as `--input` is: commander would before it looks for a slip of the pen. */
export function handlerOption(): Option {
  return parsed("--handler <FILE>", "the module with the handlers, JavaScript or TypeScript", fileName("--handler"));
}

/** Adds what only `run` takes. */
export function addRunOptions(command: Command): Command {
  return addRunSettings(addWorkOptions(command))
    .addOption(handlerOption())
    .addOption(parsed("--input <FILE>", "JSON lines or one JSON array; - is standard input", fileName("--input")))
    .addOption(
      parsed("--output <FILE>", "where result lines go; - is standard output", fileName("--output")).default("-"),
    )
    .option("--force", "overwrite an existing output file", false)
    .option("--envelope", "inputs are {payload, id?, priority?, delayMs?, key?, headers?}", false)
    .option("--no-worker", "workers run elsewhere")
    .addOption(parsed("--task <NAME>", "which task of the handler file", nameOf("--task")));
}

function addRunSettings(command: Command): Command {
  return command
    .addOption(parsed("--global-timeout <MS>", "the longest that the run may take", durationMs("--global-timeout", 1)))
    .addOption(parsed("--priority <0-10>", "10 is highest (default: 5)", wholeNumber("--priority", 0, 10)))
    .addOption(parsed("--delay <MS>", "not before so long from now", durationMs("--delay", 0)))
    .option("--ordered", "results in the order of the inputs")
    .addOption(
      parsed("--pack <on|off>", "several short tasks in one message of the broker (default: on)", onOrOff("--pack")),
    )
    .addOption(
      parsed(
        "--max-in-flight <N>",
        "tasks sent and not back at a time (default: 10000)",
        wholeNumber("--max-in-flight", 1, 1_000_000),
      ),
    )
    .addOption(
      parsed("--coordinator <ID>", "the id that results come back to (default: random)", nameOf("--coordinator")),
    );
}

/** Adds one more value to those of an option that may be given several times. */
export function collectTexts(text: string, before: readonly string[]): readonly string[] {
  if (text === "") throw misuse("--id takes the id of a dead letter");
  return [...before, text];
}
