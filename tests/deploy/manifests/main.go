// manifests: builds a kustomization as `kubectl kustomize` does, holds each object against what an API server
// would say to its creation, and prints them, defaulted, as a JSON array.
//
// usage: manifests DIR      exit: 0 all would be taken; 1 a line on stderr for each thing that is wrong; 2 usage
//
// Fields are decoded strictly (none unknown, none twice). Kubernetes' own kinds are then defaulted and validated by the
// functions that kube-apiserver is made of, its warnings count as errors, and pod templates must keep to the Pod Security
// Standard "restricted". Kinds of the prometheus-operator are held against its Go types.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

var strategies = map[schema.GroupKind]rest.RESTCreateStrategy{
	{Group: "apps", Kind: "DaemonSet"}:                  daemonset.Strategy,
	{Group: "apps", Kind: "Deployment"}:                 deployment.Strategy,
	{Group: "apps", Kind: "StatefulSet"}:                statefulset.Strategy,
	{Group: "batch", Kind: "Job"}:                       job.Strategy,
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}: networkpolicy.Strategy,
	{Kind: "ConfigMap"}:                                 configmap.Strategy,
	{Kind: "Secret"}:                                    secret.Strategy,
	{Kind: "Service"}:                                   service.Strategy,
}

var codecs = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)

// warnings is what the server would tell whoever applies the object.
type warnings struct{ said []string }

func (w *warnings) AddWarning(_, text string) { w.said = append(w.said, text) }

// restricted says what the Pod Security Standard of that name forbids in a pod template.
func restricted(object runtime.Object) ([]string, error) {
	var pod *corev1.PodTemplateSpec
	switch o := object.(type) {
	case *appsv1.DaemonSet:
		pod = &o.Spec.Template
	case *appsv1.Deployment:
		pod = &o.Spec.Template
	case *appsv1.StatefulSet:
		pod = &o.Spec.Template
	case *batchv1.Job:
		pod = &o.Spec.Template
	default:
		return nil, nil
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	var forbidden []string
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			forbidden = append(forbidden, fmt.Sprintf("not restricted: %s: %s", result.ForbiddenReason, result.ForbiddenDetail))
		}
	}
	return forbidden, nil
}

// create does what the API server does with the body of a POST, but for storing it.
func create(text []byte, kind schema.GroupVersionKind, namespace string) (stored []byte, wrong []string, err error) {
	strategy, known := strategies[kind.GroupKind()]
	if !known {
		return nil, nil, fmt.Errorf("nothing is known here about this kind")
	}
	object, _, err := codecs.UniversalDecoder().Decode(text, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, nil, err
	}
	accessor.SetNamespace(namespace)
	rest.FillObjectMetaSystemFields(accessor)
	var said warnings
	ctx := request.WithRequestInfo(request.WithNamespace(context.Background(), namespace), &request.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version, Namespace: namespace,
	})
	ctx = warning.WithWarningRecorder(ctx, &said)
	if err = rest.BeforeCreate(strategy, ctx, object); err != nil {
		return nil, nil, err
	}
	external, err := legacyscheme.Scheme.ConvertToVersion(object, kind.GroupVersion())
	if err != nil {
		return nil, nil, err
	}
	forbidden, err := restricted(external)
	if err != nil {
		return nil, nil, err
	}
	stored, err = json.Marshal(external)
	return stored, append(said.said, forbidden...), err
}

func operators(text []byte, kind schema.GroupVersionKind) (stored []byte, wrong []string, err error) {
	var object any
	switch kind.Kind {
	case "PodMonitor":
		object = &monitoring.PodMonitor{}
	default:
		return nil, nil, fmt.Errorf("nothing is known here about this kind")
	}
	return text, nil, yaml.UnmarshalStrict(text, object, yaml.DisallowUnknownFields)
}

func build(dir string) ([]json.RawMessage, []string, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, nil, err
	}
	var objects []json.RawMessage
	var wrong []string
	for _, resource := range resources.Resources() {
		id := resource.CurId()
		kind := schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, nil, err
		}
		namespace := id.EffectiveNamespace()
		var stored []byte
		var said []string
		if kind.GroupVersion() == monitoring.SchemeGroupVersion {
			stored, said, err = operators(text, kind)
		} else {
			stored, said, err = create(text, kind, namespace)
		}
		if err != nil {
			said = append(said, err.Error())
		}
		for _, s := range said {
			wrong = append(wrong, fmt.Sprintf("%s %s: %s", id.Kind, id.Name, s))
		}
		objects = append(objects, stored)
	}
	return objects, wrong, nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manifests DIR")
		os.Exit(2)
	}
	objects, wrong, err := build(os.Args[1])
	if err == nil && len(wrong) == 0 {
		err = json.NewEncoder(os.Stdout).Encode(objects)
	}
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	for _, w := range wrong {
		fmt.Fprintln(os.Stderr, w)
	}
	if len(wrong) > 0 {
		os.Exit(1)
	}
}
