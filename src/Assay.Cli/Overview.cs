using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>What <c>assay</c> says without arguments: what it is for, and the first command for each purpose.</summary>
internal static class Overview
{
    private static readonly (string Purpose, (string Command, string Meaning)[] Lines)[] Parts =
    [
        ("Begin",
        [
            ("assay demo", "the whole way on real data in under a minute: train four ways, judge, compare, report"),
        ]),
        ("Train",
        [
            ("assay train recipe.yaml", "train by a recipe ('data: digits' and 'model: mlp(256)' are enough); keeps run and report"),
            ("assay train recipe.yaml --set epochs=50", "other values than the file's"),
            ("assay aggregate plan --rows 2000 --features 10 --epsilon 1", "averages of groups instead of labels: plan, release with privacy, learn"),
            ("assay federate digits", "federated methods on simulated clients with uneven data and faults"),
            ("assay runs list", "what was trained, with its key figures"),
        ]),
        ("Language models",
        [
            ("assay lm pretrain dotnet-docs -o small --limit 2000000", "tokens and a small LLaMA-style model from text"),
            ("assay lm generate small \"Returns the\"", "continue a text; any LLaMA-style Hugging Face folder will do"),
        ]),
        ("Look into data",
        [
            ("assay data list", "the data sets that need no path"),
            ("assay data show mine.csv --label kind", "classes, features, missing values, duplicates; --html for a page"),
        ]),
        ("Repair data",
        [
            ("assay audit labels predictions.csv", "labels that are probably wrong, a sheet to review them, the corrected set"),
            ("assay audit judges items.csv --judgements judges.csv", "labels that an ensemble of (chat) judges contradicts, and how many are wrong"),
            ("assay audit influence digits --prune 0.5", "how each example is learnt (VoG, EL2N, forgetting …), and how much of the data will do"),
            ("assay audit neighbours predictions.csv --negative none --features f.npy", "positives that hide in a background class, by their neighbours"),
        ]),
        ("Judge predictions",
        [
            ("assay judge predictions.csv", "metrics with intervals, classes, calibration; --by COLUMN for slices"),
            ("assay compare old.csv new.csv", "is the new model really better?"),
            ("assay robustness test.csv --recipe slices.yaml", "where a text model fails: slices, changed texts, attacks"),
            ("assay bench nested data.csv --target price", "a nested benchmark of a table with uncertainty and distance"),
            ("assay lifelong logs/run --ste logs/experts", "what a continual learner keeps, transfers and forgets, from its log"),
            ("assay calibrate val.csv test.csv", "probabilities that mean what they say; before and after"),
            ("assay verify embeddings.csv --label person", "do embeddings tell identities apart? TAR at fixed FAR, with intervals"),
            ("assay heads features.csv --label kind --at 50", "naive Bayes or logistic regression on features, for 50 labels"),
            ("assay select data.csv", "which procedure fits the data, and what simple learners reach"),
        ]),
        ("Judge benchmarks",
        [
            ("assay bench aggregate results.csv", "one ranking of sparse results of any metric"),
            ("assay bench perturb-test answers.csv", "do scores and ranks survive another wording?"),
            ("assay bench dcs answers.csv", "who knows, who hedges, who guesses"),
        ]),
        ("Predict a larger scale",
        [
            ("assay scale fit runs.csv --law over-training", "a law of loss, size and data from small runs; predicts large ones with intervals"),
        ]),
        ("Find a method",
        [
            ("assay methods", "every method of the catalog, by kind"),
            ("assay methods dice-loss", "one method: formula, parameters, paper, verdict"),
        ]),
        ("Check a paper's claims",
        [
            ("assay study list", "every study with its verdicts"),
            ("assay study run mono-forward --scale quick", "measure the claims of one paper, in at most a minute"),
        ]),
    ];

    public static IRenderable Render()
    {
        var rows = new List<IRenderable> { new Markup($"[bold]assay {AssayCli.Version}[/]: train models, judge them, repair what the judging finds."), Text.Empty };
        foreach (var (purpose, lines) in Parts)
        {
            rows.Add(new Markup($"[bold]{purpose}[/]"));
            var grid = new Grid().AddColumn(new GridColumn().Padding(2, 0, 3, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
            foreach (var (command, meaning) in lines)
                grid.AddRow(new Markup($"[green]{Markup.Escape(command)}[/]"), new Text(meaning));
            rows.Add(grid);
            rows.Add(Text.Empty);
        }
        rows.Add(new Markup("Every command explains itself with [green]--help[/], prints JSON with [green]--json[/], and exits 0 (done), 1 (failed), 2 (bad input)."));
        return new Rows(rows);
    }
}
