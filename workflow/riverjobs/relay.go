package riverjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"github.com/motcua/motcua/workflow/sqlkit"
)

const batch = 500

// relay moves messages from one outbox into River until ctx ends.
func (r *Runner) relay(ctx context.Context, s Source) {
	for ctx.Err() == nil {
		n, err := s.Outbox.Drain(ctx, batch, func(ctx context.Context, ms []sqlkit.Message) error {
			_, err := r.client.InsertMany(ctx, params(s.Outbox.Table(), ms))
			return err
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			r.o.Logger.Warn("outbox not relayed, it will be tried again", zap.String("outbox", s.Outbox.Table()), zap.Error(err))
		}
		if n == batch {
			continue
		}
		pause := time.NewTimer(r.o.Poll)
		select {
		case <-ctx.Done():
			pause.Stop()
		case <-pause.C:
		}
	}
}

// message is a River job: one outbox message for one handler.
type message struct {
	Outbox  string    `json:"outbox" river:"unique"`
	ID      string    `json:"id" river:"unique"`
	Topic   string    `json:"topic"`
	Payload []byte    `json:"payload"`
	At      time.Time `json:"at"`
}

// Kind names the job kind in River's tables.
func (message) Kind() string { return "motcua_message" }

// everyState makes a message unique against jobs that have run or have been
// given up, too, as long as River keeps them.
var everyState = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStateCompleted, rivertype.JobStatePending,
	rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled, rivertype.JobStateDiscarded}

func params(table string, ms []sqlkit.Message) []river.InsertManyParams {
	out := make([]river.InsertManyParams, len(ms))
	for i, m := range ms {
		out[i] = river.InsertManyParams{
			Args:       message{Outbox: table, ID: m.ID, Topic: m.Topic, Payload: m.Payload, At: m.At},
			InsertOpts: &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: everyState}},
		}
	}
	return out
}

type messageWorker struct {
	river.WorkerDefaults[message]
	r *Runner
}

// Work runs the handler of one message.
func (w *messageWorker) Work(ctx context.Context, job *river.Job[message]) error {
	a := job.Args
	handler := w.r.sources[a.Outbox].Handlers[a.Topic]
	if handler == nil {
		return fmt.Errorf("outbox %s has no handler for topic %q (bind one in the source)", a.Outbox, a.Topic)
	}
	return handler(ctx, sqlkit.Message{ID: a.ID, Topic: a.Topic, Payload: a.Payload, At: a.At})
}
