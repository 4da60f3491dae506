// What the published models of custom resources have to say of manifests: a line of JSON, {name: finding or null}.
import { readFileSync } from "node:fs";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";

const MODELS = { ScaledObject, TriggerAuthentication, PodMonitor, PrometheusRule };

function finding({ apiVersion, kind, ...rest }) {
  try {
    const resource = new MODELS[kind](rest);
    if (resource.apiVersion !== apiVersion) return `apiVersion ${apiVersion} is not ${resource.apiVersion}`;
    resource.validate();
    return null;
  } catch (error) {
    return error.message;
  }
}

const resources = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(Object.fromEntries(resources.map((it) => [`${it.kind}/${it.metadata.name}`, finding(it)]))));
