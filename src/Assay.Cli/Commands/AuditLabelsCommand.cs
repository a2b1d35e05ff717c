using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay audit labels</c>: labels that are probably wrong, a sheet to review them, and what the review changes.</summary>
internal static class AuditLabelsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("predictions") { Description = "Out-of-sample predictions with labels (CSV, Parquet, NPY …); a second model's for the comparison after a review.", Arity = new ArgumentArity(1, 2) };
        var labels = new Option<string?>("--labels") { Description = "A file with the labels, for predictions that come without.", HelpName = "file" };
        var data = new Option<string?>("--data") { Description = "The data set, whose images or texts the report shows: a name, file or folder.", HelpName = "name" };
        var filter = new Option<string>("--filter") { Description = $"Which labels are flagged: {Choices<LabelFilter>()}.", HelpName = "rule", DefaultValueFactory = _ => "prune-by-noise-rate" };
        var rank = new Option<string>("--rank") { Description = $"What they are ranked by: {Choices<LabelScoring>()}.", HelpName = "score", DefaultValueFactory = _ => "normalized-margin" };
        var fraction = new Option<double>("--fraction") { Description = "The share of the estimated errors to flag.", HelpName = "0…1", DefaultValueFactory = _ => 1 };
        var top = new Option<int>("--top") { Description = "How many labels are printed.", HelpName = "n", DefaultValueFactory = _ => 20 };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var sheet = new Option<string?>("--sheet") { Description = "Write a sheet for reviewers, who fill in the column 'verdict': given, guessed, both or neither.", HelpName = "file" };
        var verdicts = new Option<string[]>("--verdicts") { Description = "A sheet that was filled in; may be given once for each reviewer.", HelpName = "file" };
        var corrected = new Option<string?>("--corrected") { Description = "Write the corrected labels of the examples that remain.", HelpName = "file" };
        var command = new Command("labels", "Find labels that are probably wrong (confident learning), review them, and judge models on the corrected labels.")
        {
            files, labels, data, filter, rank, fraction, top, html, sheet, verdicts, corrected,
        };
        command.Example("assay audit labels predictions.csv --html labels.html --data fashion-mnist:test", "a ranked page with the images");
        command.Example("assay audit labels predictions.csv --sheet review.csv", "a sheet for reviewers");
        command.Example("assay audit labels a.csv b.csv --verdicts review.csv --corrected labels.csv", "what the review changes for two models");
        command.Handle(environment, session =>
        {
            string Path(string file) => environment.PathOf(file);
            var (filterBy, rankBy) = (Choice<LabelFilter>(session.Require(filter), "--filter"), Choice<LabelScoring>(session.Require(rank), "--rank"));
            if (session.Get(corrected) is not null && session.Get(verdicts) is not { Length: > 0 })
                throw new ArgumentException("--corrected needs a review: give it with --verdicts");
            var truth = session.Get(labels) is { } given ? Path(given) : null;
            var models = session.Require(files).Select(f => PredictionsFile.Read(Path(f), labels: truth)).ToArray();
            var audit = LabelAudit.Of(models[0], filterBy, rankBy, session.Get(fraction));
            foreach (var warning in audit.Issues.Warnings)
                session.Warn(warning);
            var examples = session.Get(data) is { } source ? AuditedExamples.Of(environment, source, audit.Predictions) : null;
            var review = session.Get(verdicts) is { Length: > 0 } sheets ? Review.Of(LabelReviewSheet.Read([.. sheets.Select(Path)]), models) : null;
            if (session.Get(sheet) is { } empty)
            {
                LabelReviewSheet.Write(Path(empty), audit.Suspicious, examples is { Data.Texts.IsEmpty: false } ? row => examples.Data.Texts[examples.RowOf(row)] : null);
                session.Note($"sheet: {empty}");
            }
            if (session.Get(corrected) is { } better)
                WriteCorrected(Path(better), review!.Set, models[0]);
            if (session.Get(html) is { } page)
            {
                session.WriteReport(page, Report(environment, audit, examples, review));
                session.Note($"report: {page}");
            }
            session.Show(Result(audit, filterBy, rankBy, review), LabelAuditRendering.Result(session.Get(top)));
            return CliHost.Done;
        });
        return command;
    }

    private static LabelAuditResult Result(LabelAudit audit, LabelFilter filter, LabelScoring rank, Review? review) => new(
        audit.Predictions.Model, audit.Predictions.Count, filter, rank, audit.Issues.Ranked.Length, audit.Issues.Joint.ErrorFraction, audit.Issues.Warnings, audit.Confusions,
        audit.Suspicious, review?.Result);

    private static Report Report(CliEnvironment environment, LabelAudit audit, AuditedExamples? examples, Review? review)
    {
        ImmutableArray<ReportSection> reviewed = review is null ? [] : LabelAuditSections.OfReview(review.Set, review.Reviews, review.Models);
        var flagged = audit.Issues.Ranked.Length;
        return new Report(
            $"Labels of {audit.Predictions.Model}", $"{flagged} of {audit.Predictions.Count} labels are suspicious.", environment.Time.GetUtcNow(),
            [.. reviewed, .. LabelAuditSections.Of(audit, examples?.Data, examples is null ? null : examples.RowOf)])
        {
            Tone = flagged == 0 ? ReportTone.Good : ReportTone.Warning,
        };
    }

    private static void WriteCorrected(string path, CorrectedTestSet set, Predictions predictions)
    {
        TextColumn Column(string name, Func<int, string> value) => new(name, [.. set.Rows.Select(value)]);
        TableFile.Write(path, new Table(path,
        [
            Column("id", predictions.Id), Column("label", row => predictions.ClassName(set.Labels[row])), Column("original", row => predictions.ClassName(set.Original[row])),
        ]));
    }

    private static string Choices<T>() where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(LabJson.Name));

    private static T Choice<T>(string text, string option) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (LabJson.Name(value).Equals(text.Replace('_', '-'), StringComparison.OrdinalIgnoreCase))
                return value;
        }
        throw new ArgumentException($"{option} takes one of {Choices<T>()}, not '{text}'{Spelling.Suggestion(text, Enum.GetValues<T>().Select(LabJson.Name))}");
    }

    // The second model's rows are brought into the order of the first's.
    private sealed record Review(ImmutableArray<LabelReview> Reviews, CorrectedTestSet Set, IReadOnlyList<(string Name, ImmutableArray<int> Predicted)> Models)
    {
        public LabelReviewResult Result
        {
            get
            {
                var canCompare = Models.Count > 1 && !Set.Corrected.IsEmpty && Set.Corrected.Length < Set.Rows.Length;
                return new(
                    Reviews.GroupBy(r => LabJson.Name(r.Verdict)).ToImmutableSortedDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
                    Set.Corrected.Length, Set.Dropped.Length, Set.Rows.Length,
                    [.. Models.Select(m => new ReviewedModel(m.Name, Set.Accuracy(m.Predicted.AsSpan(), original: true), Set.Accuracy(m.Predicted.AsSpan())))],
                    Set.Prevalence, canCompare ? new PrevalenceCurve(Set, Models[0].Predicted.AsSpan(), Models[1].Predicted.AsSpan()).FlipOnCorrected : null);
            }
        }

        public static Review Of(ImmutableArray<LabelReview> reviews, Predictions[] models)
        {
            var set = CorrectedTestSet.Build(models[0].Labels.AsSpan(), LabelReviewSheet.ToVerdicts(reviews, models[0]));
            return new Review(reviews, set, [.. models.Select(m => (m.Model, Aligned(m, models[0])))]);
        }

        private static ImmutableArray<int> Aligned(Predictions model, Predictions first)
        {
            if (!model.ClassNames.SequenceEqual(first.ClassNames) || model.Count != first.Count)
                throw new ArgumentException($"{model.Model} and {first.Model} have other classes or other examples");
            var rows = Enumerable.Range(0, model.Count).ToDictionary(model.Id, i => i, StringComparer.Ordinal);
            var predicted = model.PredictedClasses();
            return [.. Enumerable.Range(0, first.Count).Select(i => rows.TryGetValue(first.Id(i), out var row)
                ? predicted[row]
                : throw new ArgumentException($"id '{first.Id(i)}' of {first.Model} is not among the predictions of {model.Model}"))];
        }
    }
}
