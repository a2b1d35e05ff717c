using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay audit judges</c>: labels that an ensemble of judges contradicts, from a file of judgements or by asking chat models.</summary>
internal static class AuditJudgesCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var items = new Argument<string>("items") { Description = "A table with the columns text (or generated_text), label (0 or 1), and where there are any grounding and id." };
        var judgements = new Option<string?>("--judgements") { Description = "A table with one column of probabilities of label 1 for each judge (a model with a prompt, a classifier). Needed without --endpoint.", HelpName = "file" };
        var samples = new Option<int>("--samples") { Description = "With --endpoint: how often each prompt is asked at temperature 1 where the endpoint gives no token probabilities; the share of 1 counts.", HelpName = "n", DefaultValueFactory = _ => 1 };
        var keep = new Option<string?>("--keep") { Description = "With --endpoint: write the judgements to this file, for --judgements.", HelpName = "file" };
        var chat = new EndpointOptions();
        var vote = new Option<JudgeVote>("--vote") { Description = "How judges become one opinion.", HelpName = "soft|majority" };
        var sheet = new Option<string?>("--sheet") { Description = "Write a blind sheet of the flags for reviewers: they write a or b into the column 'verdict'.", HelpName = "file" };
        var verdicts = new Option<string[]>("--verdicts") { Description = "A sheet that was filled in; give it once for each reviewer.", HelpName = "file" };
        var repair = new Option<string?>("--corrected") { Description = "Write the training set after the repair.", HelpName = "file" };
        var mode = new Option<JudgeRepairMode>("--repair") { Description = "What --corrected does with flags.", HelpName = "filter|flip" };
        var threshold = new Option<double>("--threshold") { Description = "The least confidence of flags that --corrected changes.", HelpName = "0.5…1", DefaultValueFactory = _ => 0.5 };
        var top = new Option<int>("--top") { Description = "How many flags are printed.", HelpName = "n", DefaultValueFactory = _ => 20 };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("judges", "Find wrong binary labels by an ensemble of judges, have flags reviewed blindly, bound the error rate, repair the set.")
        {
            items, judgements, samples, keep, vote, sheet, verdicts, repair, mode, threshold, top, html,
        };
        chat.AddTo(command);
        command.Example("assay audit judges items.csv --endpoint http://localhost:11434/v1 --model llama3.1 --model qwen2.5 --keep judges.csv", "two chat models with four prompts each judge");
        command.Example("assay audit judges items.csv --judgements judges.csv --sheet review.csv", "flags by confidence, and a blind sheet for reviewers");
        command.Example("assay audit judges items.csv --judgements judges.csv --verdicts r1.csv --verdicts r2.csv", "the error rate with its interval, precision by confidence");
        command.Example("assay audit judges items.csv --judgements judges.csv --repair flip --threshold 0.9 --corrected c.csv", "flip what judges confidently contradict");
        command.Handle(environment, async session =>
        {
            var data = JudgedData.Read(environment.PathOf(session.Require(items)));
            var (probabilities, judges) = chat.AreGiven(session) == (session.Get(judgements) is not null)
                ? throw new ArgumentException("give --judgements with a file, or --endpoint with a chat model to ask")
                : session.Get(judgements) is { } given ? data.ReadJudgements(environment.PathOf(given)) : await AskAsync(session, chat, data, session.Get(samples));
            if (session.Get(keep) is { } kept)
                JudgedData.WriteJudgements(environment.PathOf(kept), data.Items, probabilities, judges);
            var audit = JudgeAudit.Of(data.Labels.AsSpan(), probabilities, session.Get(vote));
            if (audit.Unscored > 0)
                session.Warn($"{audit.Unscored} items were answered by fewer than two thirds of the judges and stay unscored");
            if (data.Labels.Distinct().Count() < 2)
                session.Warn("all labels are equal");
            if (session.Get(sheet) is { } empty)
                JudgeSheet.Write(environment.PathOf(empty), [.. audit.Flags.Select(f => f.Row)], data.Items);
            JudgeReviewResult? review = null;
            if (session.Get(verdicts) is { Length: > 0 } sheets)
            {
                var (gold, unresolved) = JudgeSheet.Read([.. sheets.Select(environment.PathOf)], data.Items);
                foreach (var id in unresolved)
                    session.Warn($"reviewers are even about '{id}': it needs another reviewer");
                var bins = audit.Bins(gold.ToDictionary(g => g.Key, g => g.Value != data.Labels[g.Key]));
                var unflagged = gold.Where(g => !audit.Items[g.Key].IsFlagged).ToArray();
                var bound = bins.Any(b => b.Reviewed > 0)
                    ? ErrorBound.Of(bins, data.Labels.Length, unflagged.Length, unflagged.Count(g => g.Value != data.Labels[g.Key]))
                    : throw new ArgumentException("no flag was reviewed");
                review = new JudgeReviewResult(gold.Count, bins, bound);
            }
            if (session.Get(repair) is { } better)
            {
                var (rows, labels) = JudgeRepair.Training(audit, session.Get(mode), session.Get(threshold));
                TextColumn Column(string name, Func<int, string> value) => new(name, [.. rows.Select(value)]);
                var path = environment.PathOf(better);
                TableFile.Write(path, new Data.Table(path, [Column("id", r => data.Items[r].Id), Column("grounding", r => data.Items[r].Grounding), Column("text", r => data.Items[r].Text), Column("label", r => $"{labels[r]}"), Column("original", r => $"{data.Labels[r]}")]));
            }
            var result = new JudgeAuditResult(data.Labels.Length, judges, audit.Flags.Length, audit.Unscored, Agreement(probabilities),
                [.. audit.Flags.Select(f => new JudgeFlag(data.Items[f.Row].Id, f.Label, f.Probability, f.Confidence))], review);
            if (session.Get(html) is { } page)
                session.WriteReport(page, Report(environment, result, audit, data));
            session.Show(result, r => Render(r, session.Get(top)));
            return CliHost.Done;
        });
        return command;
    }

    private static async Task<(FloatMatrix Judgements, ImmutableArray<string> Judges)> AskAsync(CommandSession session, EndpointOptions chat, JudgedData data, int samples)
    {
        if (samples < 1)
            throw new ArgumentException($"--samples must be at least 1, not {samples}");
        using var models = chat.Open(session, most: 20);
        var options = new ChatJudgeOptions { Samples = samples, Concurrency = chat.Concurrency(session) };
        var result = await session.WithProgressAsync(progress => ChatJudges.AskAsync(
            data.Items, [.. models.All.Select(m => (m.Name, (Microsoft.Extensions.AI.IChatClient)m.Client))], options, new Fraction(progress, "judging"), session.Cancellation));
        models.Report(session);
        if (result.Failures > 0)
            session.Warn($"{result.Failures} of {result.Asked + result.Cached} answers are missing or were neither 0 nor 1");
        if (result.Truncated > 0)
            session.Warn($"the grounding of {result.Truncated} items was cut after {options.MostCharacters} characters");
        return (result.Judgements, result.Judges);
    }

    // Fleiss' κ over items that every judge answered.
    private static double Agreement(FloatMatrix judgements) => judgements.Columns < 2 ? double.NaN
        : Enumerable.Range(0, judgements.Rows).Select(i => judgements.Row(i).ToArray()).Where(r => !r.Any(float.IsNaN)).Select(r => (IReadOnlyList<int>)[r.Count(p => p < 0.5f), r.Count(p => p >= 0.5f)]).ToArray() is { Length: > 0 } counts
            ? AnnotatorAgreement.FleissKappa(counts) : double.NaN;

    private static Report Report(CliEnvironment environment, JudgeAuditResult result, JudgeAudit audit, JudgedData data) => new(
        "Labels and judges", $"{result.Flagged} of {result.Count} labels are contradicted by {result.Judges.Length} judges.", environment.Time.GetUtcNow(),
        [
            .. result.Review is not { } review ? ImmutableArray<ReportSection>.Empty :
            [
                new MetricsSection("Wrong labels", [new("lower bound (unflagged items taken for right)", review.Bound.LowerBound), .. review.Bound.Total.IsDefined ? [new ReportMetric("with the review of unflagged items", review.Bound.Total)] : ImmutableArray<ReportMetric>.Empty]),
                new SlicesSection("Precision of flags by confidence", "share of wrong labels", (double)review.Bins.Sum(b => b.Wrong) / Math.Max(1, review.Bins.Sum(b => b.Reviewed)),
                    [.. review.Bins.Where(b => b.Reviewed > 0).Select(b => new ReportSlice($"{b.Low} to {b.High} ({b.Flags} flags)", b.Reviewed, new Estimate(b.Precision, ProportionInterval.Wilson(b.Wrong, b.Reviewed))))]),
            ],
            new ExamplesSection("Flags", [.. audit.Flags.Take(100).Select(f => new ReportExample($"{f.Label} → {f.Guess}")
            {
                Text = data.Items[f.Row].Text,
                Lines = [$"confidence {ReportNumbers.Value(f.Confidence)}, {data.Items[f.Row].Id}", .. data.Items[f.Row].Grounding is { Length: > 0 } g ? [g.Length > 400 ? $"{g[..400]}…" : g] : Array.Empty<string>()],
            })])
            { Explanation = "The most confident first. Given label → the judges' label. A person must look at each before it is changed." },
        ])
    { Tone = result.Flagged == 0 ? ReportTone.Good : ReportTone.Warning };

    private static Rows Render(JudgeAuditResult result, int most)
    {
        var agreement = double.IsNaN(result.FleissKappa) ? "" : $"; agreement of judges: Fleiss' κ {ReportNumbers.Value(result.FleissKappa)}";
        var rows = new List<IRenderable> { new Text($"{result.Flagged} of {result.Count} labels are contradicted by {result.Judges.Length} judges{agreement}") };
        if (result.Review is { } review)
        {
            rows.Add(new Text($"wrong labels: at least {ReportNumbers.ValueAndInterval(review.Bound.LowerBound)}{(review.Bound.Total.IsDefined ? $", in all {ReportNumbers.ValueAndInterval(review.Bound.Total)}" : "")} of all"));
            var bins = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn("confidence").AddColumn(JudgeRendering.Right("flags")).AddColumn(JudgeRendering.Right("reviewed")).AddColumn(JudgeRendering.Right("wrong")).AddColumn(JudgeRendering.Right("precision"));
            foreach (var b in review.Bins)
                bins.AddRow(new Text($"{Units.Number(b.Low)}–{Units.Number(b.High)}"), new Text($"{b.Flags}"), new Text($"{b.Reviewed}"), new Text($"{b.Wrong}"), new Text(ReportNumbers.Percent(b.Precision)));
            rows.Add(bins);
        }
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn("id").AddColumn(JudgeRendering.Right("label")).AddColumn(JudgeRendering.Right("p(1)")).AddColumn(JudgeRendering.Right("confidence"));
        foreach (var f in result.Flags.Take(most))
            table.AddRow(new Text(f.Id), new Text($"{f.Label}"), new Text(Units.Number(f.Probability)), new Text(Units.Number(f.Confidence)));
        if (!result.Flags.IsEmpty && most > 0)
            rows.Add(table);
        if (result.Flags.Length > most)
            rows.Add(new Text($"and {result.Flags.Length - most} more (--top, --sheet, --html or --json)"));
        return new Rows(rows);
    }
}

/// <summary>What <c>assay audit judges</c> found.</summary>
internal sealed record JudgeAuditResult(int Count, ImmutableArray<string> Judges, int Flagged, int Unscored, double FleissKappa, ImmutableArray<JudgeFlag> Flags, JudgeReviewResult? Review);

/// <summary>A flagged label.</summary>
internal sealed record JudgeFlag(string Id, int Label, double Probability, double Confidence);

/// <summary>What a review of flags says.</summary>
internal sealed record JudgeReviewResult(int Reviewed, ImmutableArray<FlagBin> Bins, ErrorBound Bound);
