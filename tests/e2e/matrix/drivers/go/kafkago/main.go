// The driver of segmentio's kafka-go.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/scram"

	. "matrix/jobs"
)

type settings struct {
	codec     kafka.Compression
	acks      kafka.RequiredAcks
	group     string
	isolation kafka.IsolationLevel
	clientID  string
	tls       *tls.Config
	login     sasl.Mechanism
}

func (s settings) transport() *kafka.Transport {
	// Its own 5 s, in which a connection must have told its versions, are few on a busy machine.
	return &kafka.Transport{ClientID: s.clientID, TLS: s.tls, SASL: s.login, DialTimeout: 60 * time.Second}
}

func read(j Job) settings {
	s := settings{acks: kafka.RequireAll}
	codecs := map[string]kafka.Compression{"none": 0, "gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd}
	for name, value := range j.Props {
		switch name {
		case "security.protocol":
			s.tls = j.TLS()
		case "sasl.mechanism":
			if j.SCRAM() {
				user, password := j.User()
				s.login = Get(scram.Mechanism(scram.SHA512, user, password))
			}
		case "sasl.username", "sasl.password", "ssl.ca.location":
		case "client.id":
			s.clientID = value
		case "compression.type":
			s.codec = codecs[value]
		case "acks":
			s.acks = map[string]kafka.RequiredAcks{"0": kafka.RequireNone, "1": kafka.RequireOne, "all": kafka.RequireAll}[value]
		case "enable.idempotence":
			if value == "true" {
				Fail("kafka-go has no idempotent producer")
			}
		case "isolation.level":
			if value == "read_committed" {
				s.isolation = kafka.ReadCommitted
			}
		case "group.id":
			s.group = value
		default:
			Fail("no such property here: %s", name)
		}
	}
	return s
}

var ctx = context.Background()

func servers(j Job) []string { return strings.Split(j.Bootstrap, ",") }

// partition of a message is what WriterData says.
type partition int32

func produce(j Job) Obj {
	s := read(j)
	var lock sync.Mutex
	stored := map[int][]int64{}
	transport := s.transport()
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(servers(j)...), Topic: j.Topic, RequiredAcks: s.acks, Compression: s.codec, BatchTimeout: 20 * time.Millisecond,
		Transport: transport, AllowAutoTopicCreation: true,
		Balancer: kafka.BalancerFunc(func(m kafka.Message, all ...int) int { return int(m.WriterData.(partition)) }),
		Completion: func(ms []kafka.Message, err error) {
			lock.Lock()
			defer lock.Unlock()
			for _, m := range ms {
				stored[m.Partition] = append(stored[m.Partition], m.Offset)
			}
		},
	}
	ms := []kafka.Message{}
	for _, r := range j.Records {
		m := kafka.Message{Key: r.K, Value: r.V, Time: r.Time(), WriterData: partition(r.P)}
		for _, h := range r.Headers() {
			m.Headers = append(m.Headers, kafka.Header{Key: h.Name, Value: h.Value})
		}
		ms = append(ms, m)
	}
	err := write(w, ms)
	for start := time.Now(); made(err) && time.Since(start) < 30*time.Second; err = write(w, ms) {
		time.Sleep(50 * time.Millisecond)
	}
	Must(err)
	Must(w.Close())
	offsets := [][]int64{}
	for _, r := range j.Records {
		lock.Lock()
		if mine := stored[int(r.P)]; s.acks == kafka.RequireNone {
			offsets = append(offsets, nil)
		} else {
			offsets = append(offsets, []int64{int64(r.P), mine[0]})
			stored[int(r.P)] = mine[1:]
		}
		lock.Unlock()
	}
	return Obj{"offsets": offsets}
}

// made tells of a topic that this very request is making: kafka-go leaves it to its user to ask again.
func made(err error) bool {
	return errors.Is(err, kafka.UnknownTopicOrPartition) || errors.Is(err, kafka.LeaderNotAvailable)
}

func write(w *kafka.Writer, ms []kafka.Message) error {
	err := w.WriteMessages(ctx, ms...)
	if each, is := err.(kafka.WriteErrors); is {
		for _, e := range each {
			if e != nil {
				return e
			}
		}
	}
	return err
}

func record(m kafka.Message) *Record {
	r := New(int32(m.Partition), m.Offset, m.Time, m.Key, m.Value)
	for _, h := range m.Headers {
		r.Add(h.Key, h.Value)
	}
	return r
}

func consume(j Job) Obj {
	s := read(j)
	until, cancel := context.WithDeadline(ctx, j.End())
	defer cancel()
	conf := kafka.ReaderConfig{
		Brokers: servers(j), Topic: j.Topic, IsolationLevel: s.isolation, StartOffset: kafka.FirstOffset, MaxWait: 200 * time.Millisecond,
		Dialer: &kafka.Dialer{ClientID: s.clientID, Timeout: 10 * time.Second, TLS: s.tls, SASLMechanism: s.login},
	}
	out := []*Record{}
	if s.group != "" {
		conf.GroupID = s.group
		r := kafka.NewReader(conf)
		for len(out) < j.Count && until.Err() == nil {
			m, err := r.FetchMessage(until)
			if err != nil {
				break
			}
			out = append(out, record(m))
			Must(r.CommitMessages(ctx, m))
		}
		Must(r.Close())
		c := client(j)
		parts := []int{}
		for _, p := range topic(j).Partitions {
			parts = append(parts, p.ID)
		}
		got := Get(c.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: s.group, Topics: map[string][]int{j.Topic: parts}}))
		committed := map[string]int64{}
		for _, p := range got.Topics[j.Topic] {
			Must(p.Error)
			committed[fmt.Sprint(p.Partition)] = p.CommittedOffset
		}
		return Obj{"records": out, "committed": committed}
	}
	got := make(chan kafka.Message)
	for _, p := range topic(j).Partitions {
		conf.Partition = p.ID
		r := kafka.NewReader(conf)
		defer r.Close()
		go func() {
			for {
				m, err := r.FetchMessage(until)
				if err != nil {
					return
				}
				select {
				case got <- m:
				case <-until.Done():
					return
				}
			}
		}()
	}
	for len(out) < j.Count {
		select {
		case m := <-got:
			out = append(out, record(m))
		case <-until.Done():
			return Obj{"records": out}
		}
	}
	return Obj{"records": out}
}

func client(j Job) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(servers(j)...), Timeout: 30 * time.Second, Transport: read(j).transport()}
}

func create(j Job) Obj {
	t := kafka.TopicConfig{Topic: j.Topic, NumPartitions: j.Partitions, ReplicationFactor: int(j.Replicas)}
	for n, v := range j.Configs {
		t.ConfigEntries = append(t.ConfigEntries, kafka.ConfigEntry{ConfigName: n, ConfigValue: v})
	}
	got := Get(client(j).CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{t}}))
	Must(got.Errors[j.Topic])
	return Obj{}
}

func remove(j Job) Obj {
	got := Get(client(j).DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{j.Topic}}))
	Must(got.Errors[j.Topic])
	return Obj{}
}

func cluster(j Job) Obj {
	got := Get(client(j).Metadata(ctx, &kafka.MetadataRequest{}))
	sort.Slice(got.Brokers, func(x, y int) bool { return got.Brokers[x].ID < got.Brokers[y].ID })
	out := [][3]any{}
	for _, b := range got.Brokers {
		out = append(out, [3]any{b.ID, b.Host, b.Port})
	}
	return Obj{"clusterId": got.ClusterID, "brokers": out}
}

func configs(j Job) Obj {
	got := Get(client(j).DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: j.Topic}},
	}))
	Must(got.Resources[0].Error)
	out := Obj{}
	for _, e := range got.Resources[0].ConfigEntries {
		out[e.ConfigName] = e.ConfigValue
	}
	return Obj{"configs": out}
}

func groups(j Job) Obj {
	got := Get(client(j).ListGroups(ctx, &kafka.ListGroupsRequest{}))
	Must(got.Error)
	out := []string{}
	for _, g := range got.Groups {
		out = append(out, g.GroupID)
	}
	sort.Strings(out)
	return Obj{"groups": out}
}

func topic(j Job) kafka.Topic {
	t := Get(client(j).Metadata(ctx, &kafka.MetadataRequest{Topics: []string{j.Topic}})).Topics[0]
	Must(t.Error)
	sort.Slice(t.Partitions, func(x, y int) bool { return t.Partitions[x].ID < t.Partitions[y].ID })
	return t
}

func metadata(j Job) Obj {
	out := [][3]any{}
	for _, p := range topic(j).Partitions {
		replicas := []int{}
		for _, b := range p.Replicas {
			replicas = append(replicas, b.ID)
		}
		out = append(out, [3]any{p.ID, p.Leader.ID, replicas})
	}
	return Obj{"partitions": out}
}

func ends(j Job) Obj {
	ask := []kafka.OffsetRequest{}
	for _, p := range topic(j).Partitions {
		ask = append(ask, kafka.FirstOffsetOf(p.ID), kafka.LastOffsetOf(p.ID))
	}
	got := Get(client(j).ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{j.Topic: ask}}))
	out := Obj{}
	for _, p := range got.Topics[j.Topic] {
		Must(p.Error)
		out[fmt.Sprint(p.Partition)] = [2]int64{p.FirstOffset, p.LastOffset}
	}
	return Obj{"ends": out}
}

func main() {
	Serve(map[string]func(Job) Obj{
		"produce": produce, "consume": consume, "create": create, "delete": remove, "cluster": cluster, "configs": configs,
		"groups": groups, "metadata": metadata, "ends": ends,
	})
}
