import { servicesSetup } from "../../../../tooling/services/setup.ts";

export default servicesSetup({ sqs: { name: "sqs" }, moto: { name: "moto" } });
