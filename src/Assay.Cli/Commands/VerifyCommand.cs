using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;
using Table = Assay.Data.Table;

namespace Assay.Cli;

/// <summary><c>assay verify</c>: whether embeddings or scores of pairs tell identities apart.</summary>
internal static class VerifyCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var file = new Argument<string>("file") { Description = "Embeddings: a table with a label column (the identity), the other columns are the vector; or NPZ. With columns 'score' and 'same' (0/1) only: scores of pairs." };
        var label = new Option<string?>("--label") { Description = "The column of identities.", HelpName = "column" };
        var id = new Option<string?>("--id") { Description = "The column of ids that --pairs refers to; the row number without it.", HelpName = "column" };
        var pairs = new Option<string?>("--pairs") { Description = "Judge these pairs only: a table with columns a, b (ids) and same (0/1).", HelpName = "file" };
        var rates = new Option<double[]>("--far") { Description = "The false-accept rates to report.", HelpName = "rate", AllowMultipleArgumentsPerToken = true };
        var most = new Option<int>("--max-pairs") { Description = "Draw pairs at random beyond this number.", HelpName = "count", DefaultValueFactory = _ => new VerificationOptions().MaxPairs };
        var resamples = new Option<int>("--resamples") { Description = "Bootstrap resamples of identities.", HelpName = "count", DefaultValueFactory = _ => new VerificationOptions().Resamples };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("verify", "Judge embeddings for verification: true accepts at fixed false accepts, equal error rate, rank-1.") { file, label, id, pairs, rates, most, resamples, html };
        command.Example("assay verify embeddings.csv --label person", "all pairs of a table of embeddings");
        command.Example("assay verify embeddings.parquet --label person --far 1e-4 1e-3 1e-2 --html v.html", "other rates, and a page");
        command.Example("assay verify embeddings.csv --label person --id name --pairs protocol.csv", "the pairs of a protocol");
        command.Example("assay verify scores.csv", "scores of pairs from elsewhere: columns score, same");
        command.Handle(environment, session =>
        {
            var options = new VerificationOptions { MaxPairs = session.Get(most), Resamples = session.Get(resamples) };
            if (session.Get(rates) is { Length: > 0 } given)
                options = options with { FalseAcceptRates = [.. given.Order()] };
            var path = environment.PathOf(session.Require(file));
            var table = Path.GetExtension(path).Equals(".npz", StringComparison.OrdinalIgnoreCase) ? null : TableFile.Read(path);
            var report = table is not null && table.Find("score") is not null && table.Find("same") is not null
                ? Verification.OfScores(table.ToMatrix("score").Values, Same(table), options)
                : Judge(DatasetFile.Load(path, new DataRoles { Label = session.Get(label), Id = session.Get(id) }), session.Get(pairs) is { } protocol ? TableFile.Read(environment.PathOf(protocol), Texts) : null, options);
            foreach (var warning in report.Warnings)
                session.Warn(warning);
            if (session.Get(html) is { } page)
                session.WriteReport(page, new Report("Verification", Verdict(report), environment.Time.GetUtcNow(), VerificationSections.Of(report)) { Subtitle = Path.GetFileName(path) });
            session.Show(report, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static TableReadOptions Texts => new() { TextColumns = ["a", "b"] };

    private static VerificationReport Judge(Dataset data, Table? protocol, VerificationOptions options)
    {
        if (data.Features is null)
            throw new ArgumentException($"{data.Name} has no columns of numbers beside the label");
        if (protocol is null)
            return Verification.OfEmbeddings(data.Features, data.HasLabels ? data.Labels.AsSpan() : throw new ArgumentException($"{data.Name} has no identities; name their column with --label"), options);
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < data.Count; i++)
            rows.TryAdd(data.Ids[i], i);
        var same = Same(protocol);
        var (a, b) = (Column(protocol, "a"), Column(protocol, "b"));
        int Row(ImmutableArray<string> column, int i) => rows.TryGetValue(column[i], out var row) ? row : throw new InvalidDataException($"{protocol.Source}: row {i + 1}: there is no example '{column[i]}' in {data.Name}");
        return Verification.OfPairs(data.Features, [.. Enumerable.Range(0, same.Length).Select(i => (Row(a, i), Row(b, i), same[i]))], options);
    }

    private static ImmutableArray<string> Column(Table table, string name) => table[name] is TextColumn text ? text.Values : throw new InvalidDataException($"{table.Source}: column '{name}' was expected to hold ids");

    private static bool[] Same(Table table)
    {
        var values = table.ToMatrix("same").Values;
        var same = new bool[values.Length];
        for (var i = 0; i < same.Length; i++)
            same[i] = values[i] is 0 or 1 ? values[i] == 1 : throw new InvalidDataException($"{table.Source}: row {i + 1}: 'same' is {values[i]}, 0 or 1 was expected");
        return same;
    }

    private static string Verdict(VerificationReport report) => report.Points.Where(p => p.IsMeasurable).ToArray() is [var first, ..]
        ? $"At a false-accept rate of {VerificationSections.Rate(first.Target)}, {ReportNumbers.Percent(first.TrueAcceptRate.Value)} of pairs of one identity are accepted; the equal error rate is {ReportNumbers.ValueAndInterval(report.EqualErrorRate)}."
        : $"No false-accept rate that was asked for is measurable; the equal error rate is {ReportNumbers.ValueAndInterval(report.EqualErrorRate)}.";

    private static IRenderable Render(VerificationReport report)
    {
        var rates = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn(JudgeRendering.Right("FAR")).AddColumn(JudgeRendering.Right("TAR")).AddColumn("interval").AddColumn(JudgeRendering.Right("threshold"));
        foreach (var p in report.Points)
        {
            if (p.IsMeasurable)
                rates.AddRow(new Text(VerificationSections.Rate(p.Target)), new Text(ReportNumbers.Value(p.TrueAcceptRate)), new Text(ReportNumbers.Interval(p.TrueAcceptRate)), new Text(ReportNumbers.Value(p.Threshold)));
            else
                rates.AddRow(new Text(VerificationSections.Rate(p.Target)), new Markup("[grey]not measurable[/]"), new Text(""), new Text(""));
        }
        var figures = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn("figure").AddColumn(JudgeRendering.Right("value")).AddColumn("interval");
        foreach (var (name, value, interval) in VerificationSections.Figures(report))
            figures.AddRow(new Text(name), new Text(value), new Text(interval));
        return new Rows(new Markup($"[grey]{report.Positives:n0} pairs of one identity, {report.Negatives:n0} of two[/]"), rates, figures);
    }
}
