package main

import "github.com/xdg-go/scram"

// login is SCRAM as sarama's own examples have it: sarama leaves it to its user.
type login struct{ *scram.ClientConversation }

func (l *login) Begin(user, password, authzID string) error {
	c, err := scram.SHA512.NewClient(user, password, authzID)
	if err == nil {
		l.ClientConversation = c.NewConversation()
	}
	return err
}
