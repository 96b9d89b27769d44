/** Who may import whom (docs/design.md, "Packages and who may import whom"). tooling/boundaries.test.ts plants a violation of every rule. */
const core = "^packages/core/src/";
const test = "[.]test[.]ts$";
const stages = ["plan", "send", "codec", "work", "lease", "settle", "result"];

const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    forbid(
      "contract-imports-nothing",
      "The contract is types that everything may import; it imports nothing but itself.",
      { path: `${core}contract/`, pathNot: test },
      { pathNot: `${core}contract/` },
    ),
    forbid(
      "stage-imports-few",
      "A stage imports the contract and the single files beside the stages' folders.",
      { path: `${core}(${stages.join("|")})/`, pathNot: test },
      { path: core, pathNot: [`${core}$1/`, `${core}contract/`, `${core}[^/]+[.]ts$`] },
    ),
    // A stage that imports an assembly reaches the other stages through it: no list of assemblies is needed.
    ...stages.map((stage) =>
      forbid(
        `stage-reaches-no-other-${stage}`,
        "Stages never import each other, also not through a file between them: the assemblies put them together.",
        { path: `${core}${stage}/`, pathNot: test },
        { path: `${core}(${stages.filter((other) => other !== stage).join("|")})/`, reachable: true },
      ),
    ),
    forbid(
      "memory-imports-contract",
      "The reference backend stands where an adapter stands: it imports the contract, errors, clock and the checks of options.",
      { path: `${core}memory/`, pathNot: test },
      {
        path: core,
        pathNot: [
          `${core}(memory|adapter-kit)/`,
          `${core}contract/`,
          `${core}(errors|clock|names|option-checks)[.]ts$`,
        ],
      },
    ),
    forbid(
      "adapter-kit-imports-contract",
      "What adapters share knows what an adapter knows.",
      { path: `${core}adapter-kit/`, pathNot: test },
      {
        path: core,
        pathNot: [
          `${core}adapter-kit/`,
          `${core}contract/`,
          `${core}(errors|clock|backoff|names|option-checks|backend-check)[.]ts$`,
        ],
      },
    ),
    forbid(
      "blobs-import-contract",
      "A blob store stands where a user's own stands.",
      { path: `${core}blobs/`, pathNot: test },
      { path: core, pathNot: [`${core}blobs/`, `${core}contract/`, `${core}(errors|clock|names|option-checks)[.]ts$`] },
    ),
    forbid(
      "core-imports-no-package",
      "Core imports no other package of this tree, in its tests neither.",
      { path: "^packages/core/" },
      { path: "^packages/(?!core/)" },
    ),
    forbid(
      "core-has-no-dependency",
      "Core has zero runtime dependencies.",
      { path: core, pathNot: test },
      { path: "node_modules|^packages/(?!core/)" },
    ),
    forbid(
      "adapter-imports-no-adapter",
      "A user installs the adapter of their own broker alone.",
      { path: "^packages/backend-([^/]+)/" },
      { path: "^packages/backend-(?!$1/)" },
    ),
    forbid(
      "no-src-of-others",
      "A package is used by its exports, as its users use it.",
      { path: "^packages/([^/]+)/" },
      { path: "^packages/(?!$1/)[^/]+/src/" },
    ),
    forbid(
      "no-src-outside",
      "As above, for what is no package.",
      { path: "^(examples|tooling)/" },
      { path: "^packages/[^/]+/src/" },
    ),
    forbid("no-cycles", "One direction, left to right.", {}, { circular: true }),
    forbid("nothing-unresolved", "An import that is not found cannot be judged.", {}, { couldNotResolve: true }),
  ],
  options: {
    // It is no part of this tree: its own test compiles it against the packed packages.
    exclude: { path: "^examples/own-backend/" },
    doNotFollow: { path: "node_modules|/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
  },
};
