using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay select</c>: which procedure fits data and question, and what it finds for simple learners.</summary>
internal static class SelectCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string?>("data") { Description = "A data set with class labels, by file or name; without it only the advice is given.", Arity = ArgumentArity.ZeroOrOne };
        var question = new Option<SelectionQuestion>("--question", "-q")
        {
            Description = "What to find out.",
            HelpName = "estimate|selectSetting|compareModels|compareAlgorithms",
            DefaultValueFactory = _ => SelectionQuestion.CompareAlgorithms,
        };
        var learners = new Option<string[]>("--learners", "-l") { Description = "Learners with commas between them: lda,knn(5),logistic(penalty: 10). All by default.", HelpName = "learners" };
        var tune = new Option<bool>("--tune") { Description = "Search each learner's settings as part of its training." };
        var examples = new Option<int?>("--examples", "-n") { Description = "The number of examples, for advice without data.", HelpName = "count" };
        var models = new Option<int?>("--models") { Description = "The number of models, for advice without data.", HelpName = "count" };
        var label = new Option<string?>("--label") { Description = "The column of class labels.", HelpName = "column" };
        var group = new Option<string?>("--group") { Description = "The column of groups that no split may tear apart.", HelpName = "column" };
        var drop = new Option<string[]>("--drop") { Description = "A column to leave out; may be given several times.", HelpName = "column" };
        var seed = new Option<long>("--seed") { Description = "The seed of the splits.", HelpName = "number" };
        var command = new Command("select", "Recommend how to estimate, select or compare for your amount of data, and do it with simple learners.") { data, question, learners, tune, examples, models, label, group, drop, seed };
        command.Example("assay select --examples 400 --question compareAlgorithms --models 3", "advice alone, with its reasons");
        command.Example("assay select iris", "compare the simple learners on a data set by the procedure that fits");
        command.Example("assay select data.csv --label species --learners \"lda,knn(5)\"", "two learners on your own file");
        command.Example("assay select wine --question estimate --learners logistic --tune", "tuned logistic regression, judged by nested cross-validation");
        command.Handle(environment, session =>
        {
            if (session.Get(data) is not { } source)
            {
                var n = session.Get(examples) ?? throw new ArgumentException("give a data set, or the number of --examples for advice alone");
                var asked = session.Get(question);
                var few = asked is SelectionQuestion.CompareModels or SelectionQuestion.CompareAlgorithms ? 2 : 1;
                session.Show(Advisor.Plan(n, asked, session.Get(tune), session.Get(models) ?? few), p => SelectRendering.Plan(p));
                return CliHost.Done;
            }
            var path = session.Environment.PathOf(source);
            var dataset = DatasetFile.Load(File.Exists(path) || Directory.Exists(path) ? path : source, new DataRoles { Label = session.Get(label), Group = session.Get(group), Drop = [.. session.Get(drop) ?? []] }).Validate();
            if (!dataset.HasLabels || dataset.Features is null)
                throw new ArgumentException($"'{dataset.Name}' has {(dataset.HasLabels ? "no features" : "no class labels; name their column with --label")}");
            var candidates = Candidates(session.Get(learners) ?? [], dataset, session.Get(tune) || session.Get(question) == SelectionQuestion.SelectSetting);
            var plan = Advisor.Plan(dataset.Count, session.Get(question), candidates.Any(c => c.Settings.Length > 1), candidates.Length);
            if (plan.Scheme == SelectionScheme.CommonTestSet)
                throw new ArgumentException("models that are trained already are compared by their predictions: assay compare A B");
            var groups = dataset.Groups is { } g ? g.Codes : [];
            var run = session.WithProgress(_ => SelectionRun.Execute(plan, candidates, dataset.Labels, session.Get(seed), groups, session.Cancellation));
            session.Show(run, SelectRendering.Run);
            return CliHost.Done;
        });
        return command;
    }

    private static ImmutableArray<Candidate> Candidates(string[] names, Dataset dataset, bool tune)
    {
        var catalog = MethodCatalog.Of(typeof(ClassLearner).Assembly);
        string[] chosen = names.Length > 0 ? [.. names.SelectMany(Split)] : ["lda", "naive-bayes", "logistic", "ridge", "knn(5)"];
        return [.. chosen.Select(name => new Candidate(name, [.. Settings(name, tune).Select(s => catalog.Create<ClassLearner>(s).AsContestant(s, dataset.RequireFeatures(), dataset.Labels, dataset.ClassCount))]))];
    }

    // At commas outside parentheses.
    private static IEnumerable<string> Split(string list)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= list.Length; i++)
        {
            if (i == list.Length || (list[i] == ',' && depth == 0))
            {
                if (list[start..i].Trim() is { Length: > 0 } name)
                    yield return name;
                start = i + 1;
            }
            else
                depth += list[i] switch { '(' => 1, ')' => -1, _ => 0 };
        }
    }

    // A learner given with its parameters keeps them; the settings of a bare name go from the simplest to the most flexible.
    private static string[] Settings(string name, bool tune) => (tune ? name : "") switch
    {
        "lda" => ["lda(shrinkage: 0.5)", "lda(shrinkage: 0.1)", "lda(shrinkage: 0.01)", "lda"],
        "naive-bayes" => ["naive-bayes(smoothing: 0.1)", "naive-bayes(smoothing: 0.001)", "naive-bayes"],
        "logistic" => ["logistic(penalty: 100)", "logistic(penalty: 10)", "logistic(penalty: 1)", "logistic(penalty: 0.1)", "logistic(penalty: 0.01)"],
        "ridge" => ["ridge(penalty: 100)", "ridge(penalty: 10)", "ridge(penalty: 1)", "ridge(penalty: 0.1)"],
        "knn" or "knn(5)" => ["knn(25)", "knn(15)", "knn(9)", "knn(5)", "knn(3)", "knn(1)"],
        _ => [name],
    };
}
