/** The backend's verbs with a frame a task. */
import { bareSubject } from "./bare-subject.ts";

export const subject = bareSubject(1);
