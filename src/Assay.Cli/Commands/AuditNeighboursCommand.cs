using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay audit neighbours</c>: labels that nearest neighbours speak against, above all in a negative class.</summary>
internal static class AuditNeighboursCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("predictions") { Description = "Out-of-fold predictions with labels of the examples; those of further models show where errors agree.", Arity = ArgumentArity.OneOrMore };
        var features = new Option<string?>("--features") { Description = "A vector for each example, in the order of the predictions (NPY, or a table of numbers).", HelpName = "file" };
        var data = new Option<string?>("--data") { Description = "The data set, which the report shows; without --features its texts or features are compared.", HelpName = "name" };
        var negative = new Option<string?>("--negative") { Description = "The negative class (no relation, background). Without --clean it is needed.", HelpName = "class" };
        var clean = new Option<string?>("--clean") { Description = "A table with the columns id and label of examples whose label is known to be right: the extrinsic strategy.", HelpName = "file" };
        var k = new Option<int?>("--neighbours", "-k") { Description = "Neighbours: 5 negatives of each missed positive, or 1 clean voter.", HelpName = "n" };
        var positives = new Option<bool>("--positives") { Description = "With --clean: ask positive labels as well." };
        var distance = new Option<double>("--max-distance") { Description = "The largest distance of a neighbour; vectors have length 1.", HelpName = "d", DefaultValueFactory = _ => double.PositiveInfinity };
        var margin = new Option<double>("--margin") { Description = "With --clean: how much nearer the proposal must be than a clean example of the own label.", HelpName = "d", DefaultValueFactory = _ => double.NegativeInfinity };
        var share = new Option<double>("--max-share") { Description = "The largest share of the examples that may be candidates.", HelpName = "0…1", DefaultValueFactory = _ => 1 };
        var treatment = new Option<NoiseTreatment>("--treatment") { Description = "What --corrected does with candidates.", HelpName = "eliminate|relabel" };
        var corrected = new Option<string?>("--corrected") { Description = "Write ids and labels of the training set after the treatment.", HelpName = "file" };
        var top = new Option<int>("--top") { Description = "How many candidates are printed.", HelpName = "n", DefaultValueFactory = _ => 20 };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("neighbours", "Find wrong labels by nearest neighbours: positives that a negative class hides, or labels that a clean subset contradicts.")
        {
            files, features, data, negative, clean, k, positives, distance, margin, share, treatment, corrected, top, html,
        };
        command.Example("assay audit neighbours p.csv --negative no_relation --features e.npy", "negatives that look like missed positives");
        command.Example("assay audit neighbours p.csv --negative no_relation --data d.csv --corrected c.csv", "texts compared by their words; drop the candidates");
        command.Example("assay audit neighbours p.csv --clean clean.csv --features e.npy --treatment relabel --corrected c.csv", "a clean subset votes");
        command.Handle(environment, session =>
        {
            var models = session.Require(files).Select(f => PredictionsFile.Read(environment.PathOf(f))).ToArray();
            var main = models[0];
            if (main.Labels.IsEmpty)
                throw new ArgumentException($"the predictions of {main.Model} come without class labels");
            var examples = session.Get(data) is { } source ? AuditedExamples.Of(environment, source, main) : null;
            var vectors = Vectors(environment, session.Get(features), examples, main.Count);
            int? negativeClass = session.Get(negative) is { } name ? ClassOf(main, name) : null;
            var guards = new NeighbourGuards { MaxDistance = session.Get(distance), Margin = session.Get(margin), MaxShare = session.Get(share) };
            ImmutableArray<NeighbourCandidate> candidates;
            if (session.Get(clean) is { } trusted)
            {
                var (rows, labels) = Clean(environment.PathOf(trusted), main);
                foreach (var never in NoiseByNeighbours.NeverProposed(main.Labels.AsSpan(), labels))
                    session.Warn($"no clean example is of class '{main.ClassName(never)}': it is never proposed");
                candidates = NoiseByNeighbours.Extrinsic(vectors, main.Labels.AsSpan(), rows, labels, negativeClass, session.Get(k) ?? 1, session.Get(positives), guards: guards);
            }
            else
            {
                candidates = NoiseByNeighbours.Intrinsic(
                    vectors, main.Labels.AsSpan(), main.PredictedClasses(), negativeClass ?? throw new ArgumentException("name the negative class with --negative, or give clean labels with --clean"),
                    session.Get(k) ?? 5, guards: guards);
            }
            var sources = negativeClass is { } n ? ErrorSources.Report(main.Labels.AsSpan(), [.. models.Select(m => (m.Model, m.PredictedClasses().ToImmutableArray()))], n) : null;
            if (session.Get(corrected) is { } better)
                Write(environment.PathOf(better), main, NoiseByNeighbours.Apply(main.Labels.AsSpan(), candidates, session.Get(treatment)));
            if (session.Get(html) is { } page)
            {
                session.WriteReport(page, new Report(
                    $"Neighbours of {main.Model}", $"{candidates.Length} of {main.Count} labels are contradicted by their neighbours.", environment.Time.GetUtcNow(),
                    [.. NeighbourSections.Of(main, candidates, sources, examples?.Data, examples?.RowOf)])
                {
                    Tone = candidates.IsEmpty ? ReportTone.Good : ReportTone.Warning,
                });
            }
            session.Show(new NeighbourAuditResult(
                main.Model, main.Count, session.Get(clean) is null ? "intrinsic" : "extrinsic", candidates.Length,
                [.. candidates.Select(c => new NeighbourFinding(main.Id(c.Row), main.ClassName(c.OldLabel), main.ClassName(c.Proposed), main.Id(c.Evidence), c.Distance))], sources?.Counts ?? []),
                NeighbourRendering.Result(session.Get(top)));
            return CliHost.Done;
        });
        return command;
    }

    private static FloatMatrix Vectors(CliEnvironment environment, string? file, AuditedExamples? examples, int count)
    {
        if (file is null)
        {
            if (examples is null)
                throw new ArgumentException("neighbours need vectors: give --features, or --data with texts or features");
            var features = examples.Data.Texts.IsEmpty ? examples.Data.RequireFeatures() : new HashedBagOfWords(2048).Features(examples.Data.Texts);
            return features.Select([.. Enumerable.Range(0, count).Select(examples.RowOf)]);
        }
        var path = environment.PathOf(file);
        FloatMatrix matrix;
        if (Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase))
            matrix = NpyFile.Read(path).ToMatrix();
        else
        {
            var table = TableFile.Read(path);
            matrix = table.ToMatrix([.. table.Columns.Where(c => c is not TextColumn && !c.Name.Equals("id", StringComparison.OrdinalIgnoreCase)).Select(c => c.Name)]);
        }
        return matrix.Rows == count && matrix.Columns > 0 ? matrix : throw new InvalidDataException($"{path}: {matrix.Rows}×{matrix.Columns} numbers for {count} predictions");
    }

    private static int ClassOf(Predictions predictions, string name)
    {
        var names = Enumerable.Range(0, predictions.ClassCount).Select(predictions.ClassName).ToArray();
        return Array.IndexOf(names, name) is >= 0 and var code ? code : throw new ArgumentException($"there is no class '{name}'{Spelling.Suggestion(name, names)}");
    }

    private static (int[] Rows, int[] Labels) Clean(string path, Predictions predictions)
    {
        var table = TableFile.Read(path, new TableReadOptions { TextColumns = ["id", "label"] });
        var rows = Enumerable.Range(0, predictions.Count).ToDictionary(predictions.Id, i => i, StringComparer.Ordinal);
        var (ids, labels) = (((TextColumn)table["id"]).Values, ((TextColumn)table["label"]).Values);
        return ([.. ids.Select((id, i) => rows.TryGetValue(id, out var row) ? row : throw new InvalidDataException($"{path}: row {i + 1}: id '{id}' is not among the predictions"))],
            [.. labels.Select(l => ClassOf(predictions, l))]);
    }

    private static void Write(string path, Predictions predictions, (ImmutableArray<int> Rows, ImmutableArray<int> Labels) after)
    {
        TextColumn Column(string name, Func<int, string> value) => new(name, [.. after.Rows.Select(value)]);
        TableFile.Write(path, new Table(path,
        [
            Column("id", predictions.Id), Column("label", row => predictions.ClassName(after.Labels[row])), Column("original", row => predictions.ClassName(predictions.Labels[row])),
        ]));
    }
}

/// <summary>What <c>assay audit neighbours</c> found.</summary>
internal sealed record NeighbourAuditResult(string Model, int Count, string Strategy, int Candidates, ImmutableArray<NeighbourFinding> Findings, ImmutableArray<ErrorSourceCount> Errors);

/// <summary>A contradicted label by its names.</summary>
internal sealed record NeighbourFinding(string Id, string Given, string Proposed, string Evidence, double Distance);
