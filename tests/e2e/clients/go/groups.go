//go:build go1.26

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func groupProtocol(name string) []kgo.Opt {
	switch name {
	case "classic":
		return nil
	case "consumer":
		return []kgo.Opt{kgo.ServerSideBalancer()}
	}
	must(fmt.Errorf("no such group protocol: %s", name))
	return nil
}

// share reads as a member of a share group, and accepts all that it gets.
func share(bootstrap string, j job) (res result) {
	group := j.Props["group.id"]
	delete(j.Props, "group.id")
	failed := make(chan string, 1000)
	opts := append(options(bootstrap, j), kgo.ShareGroup(group), kgo.ConsumeTopics(j.Topic),
		kgo.ShareAckCallback(func(_ *kgo.Client, acks kgo.ShareAckResults) {
			if err := acks.Error(); err != nil {
				failed <- err.Error()
			}
		}))
	cl, err := kgo.NewClient(opts...)
	must(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(j.Timeout)*time.Second)
	defer cancel()
	for (len(res.Records) < j.Count || (j.UntilError && len(res.Errors) == 0)) && ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) {
			out := told(r)
			out.D = r.DeliveryCount()
			res.Records = append(res.Records, out)
			r.Ack(kgo.AckAccept)
		})
		fetches.EachError(func(_ string, _ int32, err error) {
			if ctx.Err() == nil {
				res.Errors = append(res.Errors, err.Error())
			}
		})
	}
	must(cl.FlushAcks(context.Background()))
	cl.Close()
	close(failed)
	for why := range failed {
		res.Failed = append(res.Failed, why)
	}
	return res
}
