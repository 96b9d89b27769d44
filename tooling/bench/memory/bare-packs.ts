/** The backend's verbs with packs as large as the dispatcher's may be. */
import { defaults } from "../../../packages/core/dist/index.js";
import { bareSubject } from "./bare-subject.ts";

export const subject = bareSubject(defaults.maxBatchSize);
