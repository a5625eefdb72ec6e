// Runs jobs (JSON) with franz-go: goclient BOOTSTRAP JOBS.json RESULTS.json, a list of them; or goclient, one by one,
// as ../../matrix/PROTOCOL.md says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type record struct {
	P int32       `json:"p"`
	O int64       `json:"o"`
	T *int64      `json:"t"`
	K []byte      `json:"k"`
	V []byte      `json:"v"`
	H [][2][]byte `json:"h"`
	D int32       `json:"d,omitempty"` // deliveries, of share groups
}

type txn struct {
	Commit bool `json:"commit"`
	Count  int  `json:"count"`
}

type job struct {
	Op         string            `json:"op"`
	Topic      string            `json:"topic"`
	Props      map[string]string `json:"props"`
	Records    []record          `json:"records"`
	Txn        []txn             `json:"txn"`
	Count      int               `json:"count"`
	Timeout    int               `json:"timeout"`
	ID         string            `json:"id"`
	Size       int               `json:"size"`
	Partitions int               `json:"partitions"`
	Acked      string            `json:"acked"`
	Bootstrap  string            `json:"bootstrap"`
	Configs    map[string]string `json:"configs"`
	Replicas   int16             `json:"replicas"`
	Stop       string            `json:"stop"`
	PerSecond  int               `json:"perSecond"`
	UntilError bool              `json:"untilError"`
}

type result struct {
	Offsets   [][2]int64       `json:"offsets,omitempty"`
	Records   []record         `json:"records,omitempty"`
	Acked     int              `json:"acked,omitempty"`
	Committed map[string]int64 `json:"committed,omitempty"`
	Errors    []string         `json:"errors,omitempty"` // of fetches, as the application is told
	Failed    []string         `json:"failed,omitempty"` // acknowledgements
}

// must ends the job; run and serve catch it.
func must(err error) {
	if err != nil {
		panic(failed{err})
	}
}

type failed struct{ error }

// The properties are Kafka's own names; what franz-go calls them is here.
func options(bootstrap string, j job) []kgo.Opt {
	opts := []kgo.Opt{kgo.SeedBrokers(strings.Split(bootstrap, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner())}
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	idempotent := true
	acks := kgo.AllISRAcks()
	for name, value := range j.Props {
		switch name {
		case "compression.type":
			opts = append(opts, kgo.ProducerBatchCompression(codecs[value]))
		case "client.id":
			opts = append(opts, kgo.ClientID(value))
		case "security.protocol":
			opts = append(opts, security(value, j.Props)...)
		case "sasl.mechanism", "sasl.username", "sasl.password", "ssl.ca.location":
		case "group.protocol":
			opts = append(opts, groupProtocol(value)...)
		case "acks":
			switch value {
			case "0":
				acks, idempotent = kgo.NoAck(), false
			case "1":
				acks, idempotent = kgo.LeaderAck(), false
			}
		case "enable.idempotence":
			idempotent = value == "true"
		case "metadata.max.age.ms":
			ms, err := strconv.Atoi(value)
			must(err)
			opts = append(opts, kgo.MetadataMaxAge(time.Duration(ms)*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond))
		case "client.rack":
			opts = append(opts, kgo.Rack(value))
		case "transactional.id":
			opts = append(opts, kgo.TransactionalID(value))
		case "group.id":
			opts = append(opts, kgo.ConsumerGroup(value), kgo.DisableAutoCommit())
		case "isolation.level":
			if value == "read_committed" {
				opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
			}
		default:
			must(fmt.Errorf("no such property here: %s", name))
		}
	}
	opts = append(opts, kgo.RequiredAcks(acks))
	if !idempotent {
		opts = append(opts, kgo.DisableIdempotentWrite())
	}
	return opts
}

func produce(bootstrap string, j job) (res result) {
	cl, err := kgo.NewClient(append(options(bootstrap, j), kgo.AllowAutoTopicCreation())...)
	must(err)
	defer cl.Close()
	ctx := context.Background()
	var recs []*kgo.Record
	for _, r := range j.Records {
		k := &kgo.Record{Topic: j.Topic, Partition: r.P, Key: r.K, Value: r.V}
		if r.T != nil {
			k.Timestamp = time.UnixMilli(*r.T)
		}
		for _, h := range r.H {
			k.Headers = append(k.Headers, kgo.RecordHeader{Key: string(h[0]), Value: h[1]})
		}
		recs = append(recs, k)
	}
	if len(j.Txn) == 0 {
		must(cl.ProduceSync(ctx, recs...).FirstErr())
	} else {
		at := 0
		for _, t := range j.Txn {
			must(cl.BeginTransaction())
			must(cl.ProduceSync(ctx, recs[at:at+t.Count]...).FirstErr())
			at += t.Count
			must(cl.EndTransaction(ctx, kgo.TransactionEndTry(t.Commit)))
		}
	}
	for _, r := range recs {
		res.Offsets = append(res.Offsets, [2]int64{int64(r.Partition), r.Offset})
	}
	return res
}

func told(r *kgo.Record) record {
	t := r.Timestamp.UnixMilli()
	out := record{P: r.Partition, O: r.Offset, T: &t, K: r.Key, V: r.Value, H: [][2][]byte{}}
	for _, h := range r.Headers {
		out.H = append(out.H, [2][]byte{[]byte(h.Key), h.Value})
	}
	return out
}

func consume(bootstrap string, j job) (res result) {
	opts := append(options(bootstrap, j), kgo.ConsumeTopics(j.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	cl, err := kgo.NewClient(opts...)
	must(err)
	defer cl.Close()
	if j.Timeout == 0 {
		j.Timeout = 60
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(j.Timeout)*time.Second)
	defer cancel()
	for len(res.Records) < j.Count && ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) {
			res.Records = append(res.Records, told(r))
		})
		fetches.EachError(func(_ string, _ int32, err error) {
			if ctx.Err() == nil {
				res.Errors = append(res.Errors, err.Error())
			}
		})
	}
	if _, grouped := j.Props["group.id"]; grouped {
		must(cl.CommitUncommittedOffsets(context.Background()))
		res.Committed = map[string]int64{}
		for p, o := range cl.CommittedOffsets()[j.Topic] {
			res.Committed[fmt.Sprint(p)] = o.Offset
		}
	}
	return res
}

// load is a steady load of numbered records; see Jobs.java.
func load(bootstrap string, j job) (res result) {
	cl, err := kgo.NewClient(append(options(bootstrap, j), kgo.MaxBufferedRecords(20000))...)
	must(err)
	defer cl.Close()
	acked := make([]byte, j.Count)
	var ok int64
	var wg sync.WaitGroup
	started := time.Now()
	for n := 0; n < j.Count; n++ {
		if j.Stop != "" && n%20 == 0 {
			if _, err := os.Stat(j.Stop); err == nil {
				break
			}
		}
		if j.PerSecond > 0 {
			time.Sleep(time.Until(started.Add(time.Duration(n) * time.Second / time.Duration(j.PerSecond))))
		}
		head := fmt.Sprintf("%s:%d:", j.ID, n)
		value := make([]byte, max2(j.Size, len(head)))
		for i := range value {
			value[i] = byte('a' + n%26)
		}
		copy(value, head)
		r := &kgo.Record{Topic: j.Topic, Partition: int32(n % j.Partitions), Key: []byte(fmt.Sprintf("%s-%d", j.ID, n%1000)), Value: value}
		me := n
		wg.Add(1)
		cl.Produce(context.Background(), r, func(_ *kgo.Record, err error) {
			defer wg.Done()
			if err != nil {
				acked[me] = 2
				fmt.Fprintln(os.Stderr, "FAILED", me, err)
				return
			}
			acked[me] = 1
			atomic.AddInt64(&ok, 1)
		})
	}
	wg.Wait()
	must(os.WriteFile(j.Acked, acked, 0o644))
	res.Acked = int(ok)
	return res
}

func max2(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func main() {
	if len(os.Args) == 1 {
		serve()
		return
	}
	defer func() {
		r := recover()
		if f, is := r.(failed); is {
			fmt.Fprintln(os.Stderr, f.error)
			os.Exit(1)
		} else if r != nil {
			panic(r)
		}
	}()
	if len(os.Args) != 4 {
		must(fmt.Errorf("usage: goclient [BOOTSTRAP JOBS.json RESULTS.json]"))
	}
	data, err := os.ReadFile(os.Args[2])
	must(err)
	var jobs []job
	must(json.Unmarshal(data, &jobs))
	var results []interface{}
	for _, j := range jobs {
		results = append(results, run(os.Args[1], j))
	}
	out, err := json.Marshal(results)
	must(err)
	must(os.WriteFile(os.Args[3], out, 0o644))
}

func run(bootstrap string, j job) interface{} {
	switch j.Op {
	case "produce":
		return produce(bootstrap, j)
	case "consume":
		return consume(bootstrap, j)
	case "share":
		return share(bootstrap, j)
	case "load":
		return load(bootstrap, j)
	}
	if f, is := admin[j.Op]; is {
		cl, err := kgo.NewClient(options(bootstrap, j)...)
		must(err)
		defer cl.Close()
		return f(context.Background(), cl, j)
	}
	must(fmt.Errorf("no such op: %s", j.Op))
	return nil
}

func serve() {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		out, err := json.Marshal(answer(line))
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(append(out, '\n'))
	}
}

func answer(line []byte) (out interface{}) {
	defer func() {
		r := recover()
		if f, is := r.(failed); is {
			out = obj{"error": obj{"name": fmt.Sprintf("%T", f.error), "message": f.Error()}}
		} else if r != nil {
			panic(r)
		}
	}()
	var j job
	must(json.Unmarshal(line, &j))
	return run(j.Bootstrap, j)
}
