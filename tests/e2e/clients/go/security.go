//go:build go1.26

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func security(protocol string, props map[string]string) []kgo.Opt {
	switch {
	case protocol == "PLAINTEXT":
		return nil
	case protocol == "SASL_SSL" && props["sasl.mechanism"] == "SCRAM-SHA-512":
		pem, err := os.ReadFile(props["ssl.ca.location"])
		must(err)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		login := scram.Auth{User: props["sasl.username"], Pass: props["sasl.password"]}
		return []kgo.Opt{kgo.DialTLSConfig(&tls.Config{RootCAs: roots}), kgo.SASL(login.AsSha512Mechanism())}
	}
	must(fmt.Errorf("no such security here: %s %s", protocol, props["sasl.mechanism"]))
	return nil
}
