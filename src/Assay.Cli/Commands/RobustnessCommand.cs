using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;
using Panel = Assay.Evaluation.Panel;

namespace Assay.Cli;

/// <summary><c>assay robustness</c>: slices, changed texts and attacks of a text classifier in one report.</summary>
internal static class RobustnessCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "The test set: a table with a column of texts and one of classes." };
        var recipe = new Option<string?>("--recipe") { Description = "YAML with lists 'slices', 'transformations' and 'attacks' of builders such as phrase-slice(not); a standard set without.", HelpName = "file" };
        var predictions = new Option<string?>("--predictions") { Description = "A model's predictions by id, also of exported changed texts (their ids are ID#SLICE).", HelpName = "file" };
        var train = new Option<string?>("--train") { Description = "A table to train a bag-of-words model on, which is judged instead of predictions; as a stand-in for attacks.", HelpName = "file" };
        var program = new Option<string?>("--command") { Description = "A program that classifies: reads one JSON string a line and answers each with a line, a class, a list of probabilities, or an object from class to probability. It is judged, and attacked.", HelpName = "command" };
        var chat = new EndpointOptions();
        var label = new Option<string>("--label") { Description = "The column of classes.", HelpName = "column", DefaultValueFactory = _ => "label" };
        var text = new Option<string?>("--text") { Description = "The column of texts that models read.", HelpName = "column" };
        var export = new Option<string?>("--export") { Description = "Write all texts, changed ones included, for a model of your own to predict (id, text, label, slice).", HelpName = "file" };
        var save = new Option<string?>("--save") { Description = "Write the bench (JSON), to be judged again later.", HelpName = "file" };
        var bench = new Option<string?>("--bench") { Description = "Take the slices from a saved bench.", HelpName = "file" };
        var seed = new Option<long>("--seed") { Description = "The seed of changes by chance.", HelpName = "number" };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("robustness", "Find where a text classifier fails: subpopulations, transformations and attacks, with intervals and tests.") { data, recipe, predictions, train, program, label, text, export, save, bench, seed, html };
        chat.AddTo(command);
        command.Example("assay robustness test.csv --command \"python model.py\" --html r.html", "your own model, attacks included");
        command.Example("assay robustness test.csv --endpoint http://localhost:11434/v1 --model llama3.1", "a chat model that is asked for the class");
        command.Example("assay robustness test.csv --train train.csv --html r.html", "a bag-of-words model on the standard slices, changes and attacks");
        command.Example("assay robustness test.csv --recipe slices.yaml --export texts.csv", "all texts for a model of your own …");
        command.Example("assay robustness test.csv --recipe slices.yaml --predictions p.csv", "… and the report of its predictions");
        command.Handle(environment, session =>
        {
            var panel = Panel.Read(environment.PathOf(session.Require(data)), session.Require(label), session.Get(text));
            if (new[] { session.Get(train) is not null, session.Get(program) is not null, chat.AreGiven(session), session.Get(predictions) is not null }.Count(given => given) > 1)
                throw new ArgumentException("give one model: --predictions, --train, --command or --endpoint");
            using var process = session.Get(program) is { } run ? new ProcessTextModel(run, environment.Folder, panel.ClassNames) : null;
            using var models = chat.AreGiven(session) ? chat.Open(session) : null;
            var model = session.Get(train) is { } trained ? Train(Panel.Read(environment.PathOf(trained), session.Require(label), session.Get(text)), panel)
                : process is not null ? process.Classify
                : models is not null ? ChatTextModel.Of(models.Client, panel.ClassNames, chat.Concurrency(session), session.Cancellation) : null;
            TestBench built;
            if (session.Get(bench) is { } saved)
                built = TestBench.Load(environment.PathOf(saved), panel);
            else
            {
                ImmutableArray<SliceBuilder> builders = session.Get(recipe) is { } file ? RobustnessRecipe.Read(environment.PathOf(file), environment.Catalog) : [.. RobustnessRecipe.Defaults.Select(d => environment.Catalog.Create<SliceBuilder>(d))];
                built = new TestBench(panel.Name, panel);
                foreach (var builder in builders)
                {
                    if (builder.NeedsModel && model is null)
                        session.Warn("attacks need a model that can be asked: give --command, --endpoint or --train");
                    else
                        built.Add(builder, model, session.Get(seed));
                }
            }
            if (session.Get(save) is { } to)
                built.Save(environment.PathOf(to));
            if (session.Get(export) is { } exported)
            {
                Export(environment.PathOf(exported), built);
                session.Note($"texts: {exported}");
                if (model is null && session.Get(predictions) is null)
                    return CliHost.Done;
            }
            var report = model is not null ? built.Evaluate(model) : session.Get(predictions) is { } given ? FromFile(environment.PathOf(given), built, session) : throw new ArgumentException("there is nothing to judge: give --predictions, --command, --endpoint or --train");
            models?.Report(session);
            foreach (var warning in report.Warnings)
                session.Warn(warning);
            if (session.Get(html) is { } page)
            {
                var weak = report.Rows.Count(r => r.IsWeak);
                session.WriteReport(page, new Report($"Robustness on {panel.Name}", weak == 0 ? "No slice is worse than the rest by more than chance." : $"{weak} slices are worse than the rest, and not by chance.", environment.Time.GetUtcNow(),
                    RobustnessSections.Of(report, built))
                { Tone = weak == 0 ? ReportTone.Good : ReportTone.Warning });
            }
            session.Show(report, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static TextModel Train(Panel train, Panel test)
    {
        var words = new HashedBagOfWords(2048, pairs: true);
        var codes = train.ClassNames.Select(c => test.ClassNames.IndexOf(c)).ToArray();
        if (codes.Any(c => c < 0))
            throw new ArgumentException($"class '{train.ClassNames[Array.FindIndex(codes, c => c < 0)]}' of {train.Name} does not occur in {test.Name}");
        var network = new DenseTraining { Hidden = [32], Epochs = 8 }.Fit(words.Features(train.Texts()), [.. train.Labels.Select(l => codes[l])], test.ClassNames.Length);
        return texts => network.Outputs(words.Features(texts));
    }

    private static string IdOf(TestBench bench, PanelSlice slice, int i) => $"{bench.Panel.Ids[slice.Rows[i]]}#{slice.Identifier}";

    private static void Export(string path, TestBench bench)
    {
        var panel = bench.Panel;
        var all = Enumerable.Range(0, panel.Count).Select(i => (Id: panel.Ids[i], Text: panel.Texts()[i], Row: i, Slice: ""))
            .Concat(bench.Slices.Where(s => s.IsChanged).SelectMany(s => s.Rows.Select((row, i) => (Id: IdOf(bench, s, i), Text: s.Texts[i], Row: row, Slice: s.Identifier)))).ToArray();
        TextColumn Column(string name, Func<(string Id, string Text, int Row, string Slice), string> value) => new(name, [.. all.Select(value)]);
        TableFile.Write(path, new Data.Table(path, [Column("id", a => a.Id), Column("text", a => a.Text), Column("label", a => panel.ClassNames[panel.Labels[a.Row]]), Column("slice", a => a.Slice)]));
    }

    private static RobustnessReport FromFile(string path, TestBench bench, CommandSession session)
    {
        var predictions = PredictionsFile.Read(path);
        var classes = predictions.PredictedClasses();
        var codes = Enumerable.Range(0, predictions.ClassCount).Select(c => bench.Panel.ClassNames.IndexOf(predictions.ClassName(c))).ToArray();
        var rows = Enumerable.Range(0, predictions.Count).ToDictionary(predictions.Id, i => i, StringComparer.Ordinal);
        var missing = bench.Slices.Where(s => s.IsChanged && s.Rows.Select((_, i) => IdOf(bench, s, i)).Any(id => !rows.ContainsKey(id))).Select(s => s.Identifier).ToArray();
        foreach (var slice in missing)
        {
            session.Warn($"there are no predictions of the texts of '{slice}': write them with --export");
            bench.Remove(slice);
        }
        return bench.Report((slice, i) =>
        {
            var id = slice is null ? bench.Panel.Ids[i] : slice.IsChanged ? IdOf(bench, slice, i) : bench.Panel.Ids[slice.Rows[i]];
            return rows.TryGetValue(id, out var row) ? codes[classes[row]] : throw new InvalidDataException($"{path}: id '{id}' is missing");
        });
    }

    private static Rows Render(RobustnessReport report)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn("category").AddColumn("slice").AddColumn(JudgeRendering.Right("rows")).AddColumn(JudgeRendering.Right("accuracy")).AddColumn("95 % interval")
            .AddColumn(JudgeRendering.Right("difference")).AddColumn(JudgeRendering.Right("p (Holm)")).AddColumn("");
        foreach (var r in report.Rows)
        {
            var style = r.IsSmall ? new Style(Color.Grey) : r.IsWeak ? new Style(Color.Red) : Style.Plain;
            table.AddRow(new Text(LabJson.Name(r.Category), style), new Text(r.Slice, style), new Text($"{r.Count}", style), new Text(ReportNumbers.Value(r.Accuracy), style), new Text(ReportNumbers.Interval(r.Accuracy), style),
                new Text(ReportNumbers.Value(r.Difference), style), new Text(double.IsNaN(r.AdjustedPValue) ? "" : CompareRendering.P(r.AdjustedPValue), style), new Text(r.IsWeak ? $"weak {r.Note}".Trim() : r.Note, style));
        }
        return new Rows(table, new Markup($"[grey]{Markup.Escape(report.Bench)} {report.Version}; differences to the rest of the rows, or to the same rows unchanged; slices below 25 rows in grey[/]"));
    }
}
