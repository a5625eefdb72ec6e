// Package jobs is what the drivers in Go have in common: jobs in, answers out (../../../PROTOCOL.md).
package jobs

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

type Record struct {
	P int32      `json:"p"`
	O int64      `json:"o"`
	T *int64     `json:"t"`
	K []byte     `json:"k"`
	V []byte     `json:"v"`
	H [][]*Bytes `json:"h"`
}

// Bytes tells null from empty, also inside of lists.
type Bytes []byte

type Header struct {
	Name  string
	Value []byte
}

func (r Record) Headers() (out []Header) {
	for _, h := range r.H {
		one := Header{Name: string(*h[0])}
		if h[1] != nil {
			one.Value = append([]byte{}, *h[1]...)
		}
		out = append(out, one)
	}
	return out
}

func (r *Record) Add(name string, value []byte) {
	n := Bytes(name)
	pair := []*Bytes{&n, nil}
	if value != nil {
		v := Bytes(value)
		pair[1] = &v
	}
	r.H = append(r.H, pair)
}

// New is an answer's record.
func New(p int32, o int64, at time.Time, key, value []byte) *Record {
	t := at.UnixMilli()
	return &Record{P: p, O: o, T: &t, K: key, V: value, H: [][]*Bytes{}}
}

func (r Record) Time() (t time.Time) {
	if r.T != nil {
		t = time.UnixMilli(*r.T)
	}
	return t
}

type Txn struct {
	Commit bool `json:"commit"`
	Count  int  `json:"count"`
}

type Job struct {
	Op         string            `json:"op"`
	Bootstrap  string            `json:"bootstrap"`
	Props      map[string]string `json:"props"`
	Topic      string            `json:"topic"`
	Records    []Record          `json:"records"`
	Txn        []Txn             `json:"txn"`
	Count      int               `json:"count"`
	Timeout    int               `json:"timeout"`
	Partitions int               `json:"partitions"`
	Replicas   int16             `json:"replicas"`
	Configs    map[string]string `json:"configs"`
}

// TLS is nil for plaintext; SCRAM tells whether there is a login, by SCRAM-SHA-512.
func (j Job) TLS() *tls.Config {
	switch j.Props["security.protocol"] {
	case "", "PLAINTEXT":
		return nil
	case "SASL_SSL":
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(Get(os.ReadFile(j.Props["ssl.ca.location"])))
		return &tls.Config{RootCAs: roots}
	}
	Fail("no such security protocol here: %s", j.Props["security.protocol"])
	return nil
}

func (j Job) SCRAM() bool {
	m := j.Props["sasl.mechanism"]
	if m != "" && m != "SCRAM-SHA-512" {
		Fail("no such mechanism here: %s", m)
	}
	return m != ""
}

func (j Job) User() (name, password string) {
	return j.Props["sasl.username"], j.Props["sasl.password"]
}

func (j Job) End() time.Time { return time.Now().Add(time.Duration(j.Timeout) * time.Second) }

type Obj map[string]any

type failed struct{ error }

// Must ends the job with an error.
func Must(err error) {
	if err != nil {
		panic(failed{err})
	}
}

func Get[T any](v T, err error) T {
	Must(err)
	return v
}

func Fail(format string, args ...any) { Must(fmt.Errorf(format, args...)) }

func Serve(ops map[string]func(Job) Obj) {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		out, err := json.Marshal(answer(ops, line))
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(append(out, '\n'))
	}
}

func answer(ops map[string]func(Job) Obj, line []byte) (out Obj) {
	defer func() {
		r := recover()
		if f, is := r.(failed); is {
			inner := f.error
			for errors.Unwrap(inner) != nil {
				inner = errors.Unwrap(inner)
			}
			out = Obj{"error": Obj{"name": fmt.Sprintf("%T", inner), "message": f.Error()}}
		} else if r != nil {
			panic(r)
		}
	}()
	var j Job
	Must(json.Unmarshal(line, &j))
	if ops[j.Op] == nil {
		Fail("no such op: %s", j.Op)
	}
	return ops[j.Op](j)
}
