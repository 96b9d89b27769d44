export {
  DirectoryBackend,
  type DirectoryOptions,
  directory,
} from "./backend.ts";
export { profile } from "./profile.ts";
