package riverjobs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Source is one module's outbox and what is done with its messages, by topic.
type Source struct {
	Outbox   *sqlkit.Outbox
	Handlers map[string]func(context.Context, sqlkit.Message) error
}

// Pass is work which a module offers in bounded portions, e.g. polling gateways
// for payments that are due. It runs on one node at a time and must be safe to
// repeat.
type Pass struct {
	// Name is two letters or more, without spaces.
	Name string
	// Every is the pause between two runs, at least one second.
	Every time.Duration
	Run   func(context.Context) error
}

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Passes run from time to time, each within JobTimeout.
	Passes []Pass
	// Workers is how many handlers run at once. Defaults to 10.
	Workers int
	// MaxAttempts is how often a handler is tried before the job is a dead
	// letter; the pauses grow with the fourth power of the attempt. Defaults
	// to 23, about two weeks.
	MaxAttempts int
	// JobTimeout bounds one run of a handler. Defaults to 20 s.
	JobTimeout time.Duration
	// RescueAfter is when a running job of a dead node is taken over, longer
	// than JobTimeout. Defaults to 30 s.
	RescueAfter time.Duration
	// Poll is the pause between two looks into an empty outbox. Defaults to
	// 200 ms.
	Poll time.Duration
	// Logger gets River's lines and the relay's troubles. Defaults to none.
	Logger *zap.Logger
}

// Runner relays and runs. Start and Stop it once.
type Runner struct {
	db      *sqlkit.DB
	sources map[string]Source // by outbox table
	o       Options
	client  *river.Client[*sql.Tx]
	stop    context.CancelFunc
	relays  sync.WaitGroup
}

// Up brings River's own tables (river_*) up to date. It may be repeated.
func Up(ctx context.Context, db *sqlkit.DB) error {
	m, err := rivermigrate.New(driver(db), nil)
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// New returns a runner over migrated tables. Every topic a module can write
// must have a handler: a message without one is retried and becomes a dead
// letter, for nothing announced is dropped.
func New(db *sqlkit.DB, sources []Source, o *Options) (*Runner, error) {
	r := &Runner{db: db, sources: map[string]Source{}}
	if o != nil {
		r.o = *o
	}
	r.o.Workers = cmp.Or(r.o.Workers, 10)
	r.o.MaxAttempts = cmp.Or(r.o.MaxAttempts, 23)
	r.o.JobTimeout = cmp.Or(r.o.JobTimeout, 20*time.Second)
	r.o.RescueAfter = cmp.Or(r.o.RescueAfter, 30*time.Second)
	r.o.Poll = cmp.Or(r.o.Poll, 200*time.Millisecond)
	if r.o.Logger == nil {
		r.o.Logger = zap.NewNop()
	}
	for _, s := range sources {
		if _, twice := r.sources[s.Outbox.Table()]; twice {
			return nil, fmt.Errorf("riverjobs: outbox %s is given twice", s.Outbox.Table())
		}
		r.sources[s.Outbox.Table()] = s
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &messageWorker{r: r})
	periodic, err := r.passes(workers)
	if err != nil {
		return nil, err
	}
	r.client, err = river.NewClient(driver(db), &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: r.o.Workers}},
		Workers:              workers,
		PeriodicJobs:         periodic,
		MaxAttempts:          r.o.MaxAttempts,
		JobTimeout:           r.o.JobTimeout,
		RescueStuckJobsAfter: r.o.RescueAfter,
		PollOnly:             true,
		// What is dead must stay until somebody has looked at it.
		DiscardedJobRetentionPeriod: -1,
		Logger:                      slog.New(zapslog.NewHandler(r.o.Logger.Core(), zapslog.WithName("river"))),
	})
	if err != nil {
		return nil, fmt.Errorf("riverjobs: %w", err)
	}
	return r, nil
}

func driver(db *sqlkit.DB) riverdriver.Driver[*sql.Tx] {
	if db.Dialect == sqlkit.SQLite {
		return riversqlite.New(db.Write)
	}
	return riverdatabasesql.New(db.Write)
}

// Start begins to relay and to run, after what a killed predecessor left behind
// has been freed. While the database is away it tries again until ctx ends;
// once it has returned nil, ctx ending stops nothing: call Stop.
func (r *Runner) Start(ctx context.Context) error {
	if r.db.Dialect == sqlkit.SQLite {
		if err := r.free(ctx); err != nil {
			return err
		}
	}
	wait := 100 * time.Millisecond
	for {
		err := r.client.Start(context.WithoutCancel(ctx))
		if err == nil {
			break
		}
		r.o.Logger.Warn("River does not start yet", zap.Error(err))
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
			wait = min(2*wait, 5*time.Second)
		}
	}
	relaying, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	for _, s := range r.sources {
		r.relays.Go(func() { r.relay(relaying, s) })
	}
	return nil
}

// free makes available what the killed owner of this file was running.
func (r *Runner) free(ctx context.Context) error {
	err := r.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM river_leader")
		return err
	})
	for _, s := range r.sources {
		err = errors.Join(err, s.Outbox.ClearLeases(ctx))
	}
	return err
}

// Stop ends the relay, lets running handlers finish until ctx ends, then cuts
// them; what is cut runs again later.
func (r *Runner) Stop(ctx context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	r.relays.Wait()
	err := r.client.Stop(ctx)
	if err != nil && ctx.Err() != nil {
		cut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		return r.client.StopAndCancel(cut)
	}
	return err
}
