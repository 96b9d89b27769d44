import { observing } from "../../observing.ts";
import { serveDispatch } from "../serve-dispatch.ts";

await serveDispatch(observing());
