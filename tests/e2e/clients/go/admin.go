package main

import (
	"context"
	"fmt"
	"sort"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type obj map[string]interface{}

// The admin ops, each one request of the protocol.
var admin = map[string]func(context.Context, *kgo.Client, job) obj{
	"create": create, "delete": remove, "cluster": cluster, "configs": configs, "groups": groups, "metadata": metadata, "ends": ends,
}

func create(ctx context.Context, cl *kgo.Client, j job) obj {
	req := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = j.Topic, int32(j.Partitions), j.Replicas
	for name, value := range j.Configs {
		c, v := kmsg.NewCreateTopicsRequestTopicConfig(), value
		c.Name, c.Value = name, &v
		t.Configs = append(t.Configs, c)
	}
	req.Topics, req.TimeoutMillis = append(req.Topics, t), 20000
	resp, err := req.RequestWith(ctx, cl)
	must(err)
	must(kerr.ErrorForCode(resp.Topics[0].ErrorCode))
	return obj{}
}

func remove(ctx context.Context, cl *kgo.Client, j job) obj {
	req := kmsg.NewPtrDeleteTopicsRequest()
	t := kmsg.NewDeleteTopicsRequestTopic()
	t.Topic = kmsg.StringPtr(j.Topic)
	req.TopicNames, req.Topics, req.TimeoutMillis = []string{j.Topic}, append(req.Topics, t), 20000
	resp, err := req.RequestWith(ctx, cl)
	must(err)
	must(kerr.ErrorForCode(resp.Topics[0].ErrorCode))
	return obj{}
}

func cluster(ctx context.Context, cl *kgo.Client, j job) obj {
	resp, err := kmsg.NewPtrDescribeClusterRequest().RequestWith(ctx, cl)
	must(err)
	must(kerr.ErrorForCode(resp.ErrorCode))
	brokers := [][3]interface{}{}
	sort.Slice(resp.Brokers, func(a, b int) bool { return resp.Brokers[a].NodeID < resp.Brokers[b].NodeID })
	for _, b := range resp.Brokers {
		brokers = append(brokers, [3]interface{}{b.NodeID, b.Host, b.Port})
	}
	return obj{"clusterId": resp.ClusterID, "brokers": brokers}
}

func configs(ctx context.Context, cl *kgo.Client, j job) obj {
	req := kmsg.NewPtrDescribeConfigsRequest()
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, j.Topic
	req.Resources = append(req.Resources, r)
	resp, err := req.RequestWith(ctx, cl)
	must(err)
	must(kerr.ErrorForCode(resp.Resources[0].ErrorCode))
	out := obj{}
	for _, c := range resp.Resources[0].Configs {
		out[c.Name] = c.Value
	}
	return obj{"configs": out}
}

// groups asks every broker, each of which knows its own.
func groups(ctx context.Context, cl *kgo.Client, j job) obj {
	out := []string{}
	for _, shard := range cl.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest()) {
		must(shard.Err)
		resp := shard.Resp.(*kmsg.ListGroupsResponse)
		must(kerr.ErrorForCode(resp.ErrorCode))
		for _, g := range resp.Groups {
			out = append(out, g.Group)
		}
	}
	sort.Strings(out)
	return obj{"groups": out}
}

func topic(ctx context.Context, cl *kgo.Client, name string) kmsg.MetadataResponseTopic {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = kmsg.StringPtr(name)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, cl)
	must(err)
	must(kerr.ErrorForCode(resp.Topics[0].ErrorCode))
	parts := resp.Topics[0].Partitions
	sort.Slice(parts, func(a, b int) bool { return parts[a].Partition < parts[b].Partition })
	return resp.Topics[0]
}

func metadata(ctx context.Context, cl *kgo.Client, j job) obj {
	out := [][3]interface{}{}
	for _, p := range topic(ctx, cl, j.Topic).Partitions {
		out = append(out, [3]interface{}{p.Partition, p.Leader, p.Replicas})
	}
	return obj{"partitions": out}
}

func ends(ctx context.Context, cl *kgo.Client, j job) obj {
	out := map[string][2]int64{}
	for which, at := range []int64{-2, -1} {
		req := kmsg.NewPtrListOffsetsRequest()
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = j.Topic
		for _, p := range topic(ctx, cl, j.Topic).Partitions {
			one := kmsg.NewListOffsetsRequestTopicPartition()
			one.Partition, one.Timestamp = p.Partition, at
			t.Partitions = append(t.Partitions, one)
		}
		req.Topics = append(req.Topics, t)
		resp, err := cl.Request(ctx, req) // split by leader, and joined again
		must(err)
		for _, p := range resp.(*kmsg.ListOffsetsResponse).Topics[0].Partitions {
			must(kerr.ErrorForCode(p.ErrorCode))
			both := out[fmt.Sprint(p.Partition)]
			both[which] = p.Offset
			out[fmt.Sprint(p.Partition)] = both
		}
	}
	return obj{"ends": out}
}
