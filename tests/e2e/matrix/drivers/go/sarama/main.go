// The driver of IBM's sarama.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	. "matrix/jobs"
)

func config(j Job) *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V4_3_1_0
	c.Producer.Return.Successes = true
	c.Producer.Partitioner = sarama.NewManualPartitioner
	c.Producer.Flush.Frequency = 20 * time.Millisecond
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Offsets.AutoCommit.Enable = false
	codecs := map[string]sarama.CompressionCodec{
		"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
		"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
	}
	for name, value := range j.Props {
		switch name {
		case "security.protocol":
			c.Net.TLS.Config = j.TLS()
			c.Net.TLS.Enable = c.Net.TLS.Config != nil
		case "sasl.mechanism":
			c.Net.SASL.Enable = j.SCRAM()
			c.Net.SASL.Mechanism = sarama.SASLTypeSCRAMSHA512
			c.Net.SASL.User, c.Net.SASL.Password = j.User()
			c.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &login{} }
		case "sasl.username", "sasl.password", "ssl.ca.location":
		case "client.id":
			c.ClientID = value
		case "compression.type":
			c.Producer.Compression = codecs[value]
		case "acks":
			c.Producer.RequiredAcks = map[string]sarama.RequiredAcks{
				"0": sarama.NoResponse, "1": sarama.WaitForLocal, "all": sarama.WaitForAll,
			}[value]
		case "enable.idempotence":
			c.Producer.Idempotent = value == "true"
		case "transactional.id":
			c.Producer.Transaction.ID = value
			c.Producer.Idempotent = true
		case "isolation.level":
			if value == "read_committed" {
				c.Consumer.IsolationLevel = sarama.ReadCommitted
			}
		case "group.id":
		default:
			Fail("no such property here: %s", name)
		}
	}
	if c.Producer.Idempotent {
		c.Net.MaxOpenRequests = 1
		c.Producer.RequiredAcks = sarama.WaitForAll
	}
	return c
}

func servers(j Job) []string { return strings.Split(j.Bootstrap, ",") }

func messages(j Job) (out []*sarama.ProducerMessage) {
	for _, r := range j.Records {
		m := &sarama.ProducerMessage{Topic: j.Topic, Partition: r.P, Timestamp: r.Time()}
		if r.K != nil {
			m.Key = sarama.ByteEncoder(r.K)
		}
		if r.V != nil {
			m.Value = sarama.ByteEncoder(r.V)
		}
		for _, h := range r.Headers() {
			m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(h.Name), Value: h.Value})
		}
		out = append(out, m)
	}
	return out
}

func produce(j Job) Obj {
	p := Get(sarama.NewSyncProducer(servers(j), config(j)))
	defer p.Close()
	all := messages(j)
	left := all
	send := func(ms []*sarama.ProducerMessage) {
		err := p.SendMessages(ms)
		var each sarama.ProducerErrors
		if errors.As(err, &each) {
			err = each[0].Err
		}
		Must(err)
	}
	if j.Txn == nil {
		send(all)
	}
	for _, t := range j.Txn {
		Must(p.BeginTxn())
		send(left[:t.Count])
		left = left[t.Count:]
		if t.Commit {
			Must(p.CommitTxn())
		} else {
			Must(p.AbortTxn())
		}
	}
	offsets := [][2]int64{}
	for _, m := range all {
		offsets = append(offsets, [2]int64{int64(m.Partition), m.Offset})
	}
	return Obj{"offsets": offsets}
}

func record(m *sarama.ConsumerMessage) *Record {
	r := New(m.Partition, m.Offset, m.Timestamp, m.Key, m.Value)
	for _, h := range m.Headers {
		r.Add(string(h.Key), h.Value)
	}
	return r
}

func consume(j Job) Obj {
	if j.Props["group.id"] != "" {
		return group(j)
	}
	told := config(j)
	told.Consumer.Return.Errors = true
	c := Get(sarama.NewConsumer(servers(j), told))
	defer c.Close()
	got := make(chan *sarama.ConsumerMessage)
	done := make(chan struct{})
	defer close(done)
	for _, p := range Get(c.Partitions(j.Topic)) {
		pc := Get(c.ConsumePartition(j.Topic, p, sarama.OffsetOldest))
		defer pc.AsyncClose()
		go func() { // what it tells an application, and goes on
			for err := range pc.Errors() {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
		go func() {
			for m := range pc.Messages() {
				select {
				case got <- m:
				case <-done:
				}
			}
		}()
	}
	out := []*Record{}
	late := time.After(time.Until(j.End()))
	for len(out) < j.Count {
		select {
		case m := <-got:
			out = append(out, record(m))
		case <-late:
			return Obj{"records": out}
		}
	}
	return Obj{"records": out}
}

// member reads until it has seen enough, then commits and ends its session.
type member struct {
	sync.Mutex
	job    Job
	out    []*Record
	enough context.CancelFunc
}

func (m *member) Setup(sarama.ConsumerGroupSession) error { return nil }

func (m *member) Cleanup(s sarama.ConsumerGroupSession) error {
	s.Commit()
	return nil
}

func (m *member) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case msg, more := <-claim.Messages():
			if !more {
				return nil
			}
			s.MarkMessage(msg, "")
			m.Lock()
			m.out = append(m.out, record(msg))
			if len(m.out) >= m.job.Count {
				m.enough()
			}
			m.Unlock()
		case <-s.Context().Done():
			return nil
		}
	}
}

func group(j Job) Obj {
	id := j.Props["group.id"]
	g := Get(sarama.NewConsumerGroup(servers(j), id, config(j)))
	ctx, cancel := context.WithDeadline(context.Background(), j.End())
	defer cancel()
	m := &member{job: j, enough: cancel, out: []*Record{}}
	for ctx.Err() == nil {
		Must(g.Consume(ctx, []string{j.Topic}, m))
	}
	Must(g.Close())
	a := admin(j)
	defer a.Close()
	parts := []int32{}
	for _, p := range describe(a, j).Partitions {
		parts = append(parts, p.ID)
	}
	committed := map[string]int64{}
	for p, b := range Get(a.ListConsumerGroupOffsets(id, map[string][]int32{j.Topic: parts})).Blocks[j.Topic] {
		committed[fmt.Sprint(p)] = b.Offset
	}
	return Obj{"records": m.out, "committed": committed}
}

func admin(j Job) sarama.ClusterAdmin { return Get(sarama.NewClusterAdmin(servers(j), config(j))) }

func create(j Job) Obj {
	a := admin(j)
	defer a.Close()
	entries := map[string]*string{}
	for n, v := range j.Configs {
		entries[n] = &v
	}
	detail := &sarama.TopicDetail{NumPartitions: int32(j.Partitions), ReplicationFactor: j.Replicas, ConfigEntries: entries}
	Must(a.CreateTopic(j.Topic, detail, false))
	return Obj{}
}

func remove(j Job) Obj {
	a := admin(j)
	defer a.Close()
	Must(a.DeleteTopic(j.Topic))
	return Obj{}
}

func cluster(j Job) Obj {
	a := admin(j)
	defer a.Close()
	brokers, _, err := a.DescribeCluster()
	Must(err)
	sort.Slice(brokers, func(x, y int) bool { return brokers[x].ID() < brokers[y].ID() })
	out := [][3]any{}
	for _, b := range brokers {
		at := strings.LastIndex(b.Addr(), ":")
		var port int
		fmt.Sscan(b.Addr()[at+1:], &port)
		out = append(out, [3]any{b.ID(), b.Addr()[:at], port})
	}
	return Obj{"clusterId": nil, "brokers": out}
}

func configs(j Job) Obj {
	a := admin(j)
	defer a.Close()
	out := Obj{}
	for _, e := range Get(a.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: j.Topic})) {
		out[e.Name] = e.Value
	}
	return Obj{"configs": out}
}

func groups(j Job) Obj {
	a := admin(j)
	defer a.Close()
	out := []string{}
	for g := range Get(a.ListConsumerGroups()) {
		out = append(out, g)
	}
	sort.Strings(out)
	return Obj{"groups": out}
}

func describe(a sarama.ClusterAdmin, j Job) *sarama.TopicMetadata {
	t := Get(a.DescribeTopics([]string{j.Topic}))[0]
	if t.Err != sarama.ErrNoError {
		Must(t.Err)
	}
	sort.Slice(t.Partitions, func(x, y int) bool { return t.Partitions[x].ID < t.Partitions[y].ID })
	return t
}

func metadata(j Job) Obj {
	a := admin(j)
	defer a.Close()
	out := [][3]any{}
	for _, p := range describe(a, j).Partitions {
		out = append(out, [3]any{p.ID, p.Leader, p.Replicas})
	}
	return Obj{"partitions": out}
}

func ends(j Job) Obj {
	c := Get(sarama.NewClient(servers(j), config(j)))
	defer c.Close()
	out := Obj{}
	for _, p := range Get(c.Partitions(j.Topic)) {
		out[fmt.Sprint(p)] = [2]int64{
			Get(c.GetOffset(j.Topic, p, sarama.OffsetOldest)), Get(c.GetOffset(j.Topic, p, sarama.OffsetNewest)),
		}
	}
	return Obj{"ends": out}
}

func main() {
	Serve(map[string]func(Job) Obj{
		"produce": produce, "consume": consume, "create": create, "delete": remove, "cluster": cluster, "configs": configs,
		"groups": groups, "metadata": metadata, "ends": ends,
	})
}
