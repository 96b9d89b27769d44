/** An authority and what it signed, for brokers that speak TLS: made by openssl, which comes from Debian's package where it is missing. */
import { mkdir, writeFile } from "node:fs/promises";
import { run } from "../command.ts";
import { needPrograms } from "./debian/programs.ts";

const DAYS = 3_650;

/**
 * Makes in `folder`: `ca.crt` with `ca.key`, `server.crt` with `server.key` for localhost and 127.0.0.1, and `client.crt` with `client.key` for the user
 * `client`. Keys are PKCS#8. Throws what openssl says.
 */
export async function makeCertificates(folder: string, client: string): Promise<void> {
  await needPrograms([{ program: "openssl", package: "openssl" }]);
  await mkdir(folder, { recursive: true });
  const openssl = async (...words: readonly string[]) => {
    const { code, output } = await run(["openssl", ...words], { cwd: folder });
    if (code !== 0) throw new Error(`openssl ${words[0]} failed: ${output.trim()}`);
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  const caName = "/CN=dispatch test authority";
  await openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-days", `${DAYS}`, "-subj", caName, ...authority); // biome-ignore format: one call
  for (const [name, subject, usage] of [
    ["server", "localhost", "serverAuth,clientAuth"],
    ["client", client, "clientAuth"],
  ] as const) {
    await writeFile(
      `${folder}/${name}.ext`,
      `basicConstraints=CA:FALSE\nextendedKeyUsage=${usage}\n${name === "server" ? "subjectAltName=DNS:localhost,IP:127.0.0.1\n" : ""}`,
    );
    await openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${subject}`);
    const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signed, "-days", `${DAYS}`, "-out", `${name}.crt`);
  }
}
