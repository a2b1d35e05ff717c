using System.Collections.Immutable;
using System.CommandLine;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay study run</c>: measures the claims of one study or of all.</summary>
internal static class StudyRunCommand
{
    public static Command Create(CliEnvironment environment, Option<string?> output)
    {
        var names = new Argument<string[]>("name") { Description = "Slugs or paper numbers.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Run every study." };
        var stale = new Option<bool>("--stale") { Description = "Run only studies without a current result: resumes an interrupted --all." };
        var scale = new Option<StudyScale>("--scale")
        {
            Description = "quick: at most a minute each, kept apart; full: about five minutes each, the results that count.",
            DefaultValueFactory = _ => StudyScale.Full,
            HelpName = "quick|full",
        };
        var seeds = new Option<int?>("--seeds", "-s") { Description = "The number of seeds; each study's own by default.", HelpName = "count" };
        var command = new Command("run", "Measure the claims of studies, keep the results and write the ledger.") { names, all, stale, scale, seeds };
        command.Example("assay study run mono-forward", "at full scale, about five minutes");
        command.Example("assay study run mono-forward --scale quick", "in at most a minute");
        command.Example("assay study run --stale", "whatever is missing or older than its source");
        command.Example("assay study run --all", "all of them, one night");
        command.Handle(environment, session =>
        {
            var isNamed = session.Get(names) is { Length: > 0 };
            if (isNamed == (session.Get(all) || session.Get(stale)))
                throw new ArgumentException("name one or more studies, or give --all or --stale");
            if (session.Get(seeds) < 1)
                throw new ArgumentException($"--seeds must be at least 1, not {session.Get(seeds)}");
            var results = StudyCommand.ResultsOf(session, output, session.Get(scale));
            var chosen = isNamed ? [.. session.Require(names).Select(environment.Studies.Find).Distinct()]
                : environment.Studies.Studies.Where(s => session.Get(all) || results.StateOf(s) != ResultState.Current).ToImmutableArray();
            return Run(session, results, chosen, session.Get(scale), session.Get(seeds));
        });
        return command;
    }

    private static int Run(CommandSession session, StudyResults results, ImmutableArray<Study> studies, StudyScale scale, int? seeds)
    {
        var environment = session.Environment;
        var runner = new StudyRunner(environment.Time);
        var done = ImmutableArray.CreateBuilder<StudyResult>();
        var failed = new List<string>();
        foreach (var study in studies)
        {
            var outcome = session.WithProgress(progress => runner.Run(study, scale, seeds, progress, session.Cancellation));
            if (outcome.Result is { } result)
            {
                // Kept at once: a night's work must survive whatever the next study does.
                results.Write(study, result);
                done.Add(result);
                if (result.Seconds > Limit(scale))
                    session.Warn($"{study.Info.Slug} took {Units.Duration(TimeSpan.FromSeconds(result.Seconds))}; at {LabJson.Name(scale)} scale a study may take {Units.Duration(TimeSpan.FromSeconds(Limit(scale)))} on two cores");
                if (!session.Json && !session.Quiet)
                    environment.Output.Write(StudyRendering.Card(StudyCard.Of(study, result)));
            }
            else
            {
                failed.Add(study.Info.Slug);
                session.Error($"study {study.Info.Slug} failed", outcome.Failure!);
            }
        }
        if (done.Count > 0)
        {
            results.WriteLedger(environment.Studies);
            session.Note($"results in {results.Folder}, ledger in {results.LedgerPath}");
        }
        if (session.Json)
            session.Show(done.ToImmutable(), _ => throw new InvalidOperationException());
        else if (studies.Length != 1)
            session.Show(done.ToImmutable(), r => StudyRendering.Summary(r, failed));
        return failed.Count == 0 ? CliHost.Done : CliHost.Failed;
    }

    private static double Limit(StudyScale scale) => scale == StudyScale.Quick ? 60 : 900;
}
