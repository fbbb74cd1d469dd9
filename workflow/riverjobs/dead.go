package riverjobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Dead is a message whose handler has been given up. It stays until it is
// retried.
type Dead struct {
	// Job is River's number, for Retry.
	Job int64
	// Outbox, ID and Topic name the message.
	Outbox, ID, Topic string
	// Attempts is how often it was tried, Error what the last one said.
	Attempts int
	Error    string
	At       time.Time
}

// Dead returns up to limit dead letters, the oldest first.
func (r *Runner) Dead(ctx context.Context, limit int) ([]Dead, error) {
	list, err := r.client.JobList(ctx, river.NewJobListParams().Kinds(message{}.Kind()).
		States(rivertype.JobStateDiscarded, rivertype.JobStateCancelled).First(limit))
	if err != nil {
		return nil, err
	}
	var out []Dead
	for _, j := range list.Jobs {
		var m message
		if err := json.Unmarshal(j.EncodedArgs, &m); err != nil {
			return nil, fmt.Errorf("river_job %d: %w", j.ID, err)
		}
		d := Dead{Job: j.ID, Outbox: m.Outbox, ID: m.ID, Topic: m.Topic, Attempts: j.Attempt, At: m.At}
		if n := len(j.Errors); n > 0 {
			d.Error = j.Errors[n-1].Error
		}
		out = append(out, d)
	}
	return out, nil
}

// Retry makes a dead letter live again: it is tried at once, and more often.
func (r *Runner) Retry(ctx context.Context, job int64) error {
	_, err := r.client.JobRetry(ctx, job)
	return err
}

// Audit names every message that has been given up.
func (r *Runner) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	dead, err := r.Dead(ctx, 1000)
	if err != nil {
		return nil, err
	}
	var out []sqlkit.Problem
	for _, d := range dead {
		out = append(out, sqlkit.Problem{Table: "river_job", Row: strconv.FormatInt(d.Job, 10),
			Problem: fmt.Sprintf("%s of %s %s was given up after %d attempts", d.Topic, d.Outbox, d.ID, d.Attempts)})
	}
	return out, nil
}
