import { serveDispatch } from "../serve-dispatch.ts";

await serveDispatch();
