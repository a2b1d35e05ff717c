using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class PredictionsFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-predictions-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Path(string name) => System.IO.Path.Combine(folder, name);

    private string File(string name, string content)
    {
        System.IO.File.WriteAllText(Path(name), content);
        return Path(name);
    }

    private static string Fault(Func<Predictions> read) => Assert.Throws<InvalidDataException>(read).Message;

    [Fact]
    public void Probabilities_by_class_with_ids_and_slices()
    {
        var p = PredictionsFile.Read(File("bert.csv", "id,label,p_cat,p_dog,city,age,weight\na,cat,0.9,0.1,Ulm,3,1.5\nb,dog,0.4,0.6,Bonn,4,2.5\n"));
        Assert.Equal(("bert", ScoreKind.Probabilities), (p.Model, p.Kind));
        Assert.Equal(["cat", "dog"], p.ClassNames);
        Assert.Equal([0, 1], p.Labels);
        Assert.Equal(["a", "b"], p.Ids);
        Assert.Equal([.9f, .1f, .4f, .6f], p.Scores.Values.ToArray());
        Assert.Equal(["age", "city"], p.Slices.Keys.Order());
        Assert.Equal("Bonn", p.Slices["city"][1]);
    }

    [Fact]
    public void Logits_and_integer_labels()
    {
        var p = PredictionsFile.Read(File("m.csv", "y,logit_0,logit_1,logit_2\n2,1,2,3\n0,-1,-2,-3\n"));
        Assert.Equal(ScoreKind.Logits, p.Kind);
        Assert.Equal([2, 0], p.Labels);
    }

    [Fact]
    public void Integers_that_name_no_class_are_positions()
    {
        Assert.Equal([1, 0], PredictionsFile.Read(File("m.csv", "y,p_cat,p_dog\n1,0.5,0.5\n0,0.5,0.5\n")).Labels);
    }

    [Theory]
    [InlineData("label,prob\nno,0.2\nyes,0.7\n", "no", "yes", .7f)]
    [InlineData("label,p_yes\nno,0.2\nyes,0.7\n", "no", "yes", .7f)]
    [InlineData("label,p_no\nno,0.2\nyes,0.7\n", "yes", "no", .7f)]
    [InlineData("label,score\n0,0.2\n1,0.7\n", "0", "1", .7f)]
    [InlineData("prob\n0.2\n0.7\n", "0", "1", .7f)]
    [InlineData("label,logit\n0,-2\n1,0.7\n", "0", "1", .7f)]
    public void One_column_scores_the_second_of_two_classes(string content, string first, string second, float score)
    {
        var p = PredictionsFile.Read(File("m.csv", content));
        Assert.Equal([first, second], p.ClassNames);
        Assert.Equal(score, p.Scores[1, 1]);
    }

    [Fact]
    public void Hard_predictions_are_one_hot()
    {
        var p = PredictionsFile.Read(File("m.csv", "id,label,prediction\n1,b,b\n2,a,c\n"));
        Assert.Equal(ScoreKind.Classes, p.Kind);
        Assert.Equal(["a", "b", "c"], p.ClassNames);
        Assert.Equal([0, 1, 0, 0, 0, 1], p.Scores.Values.ToArray());
        Assert.Equal([1, 0], p.Labels);
        // Integers are ordered as numbers.
        Assert.Equal(["2", "9", "10"], PredictionsFile.Read(File("n.csv", "y,y_pred\n10,9\n2,10\n")).ClassNames);
    }

    [Fact]
    public void A_predicted_class_beside_scores_is_no_slice()
    {
        var path = File("m.csv", "label,predicted,p_a,p_b,city\na,b,0.2,0.8,Ulm\n");
        Assert.Equal(["city"], PredictionsFile.Read(path).Slices.Keys);
        Assert.Equal(["city"], TableFile.Read(path).ToPredictions().Slices.Keys);
        Assert.Equal(["predicted"], PredictionsFile.Read(path, new PredictionRoles { Slices = ["predicted"] }).Slices.Keys);
    }

    [Fact]
    public void Real_numbers_are_regression_and_a_kind_overrides()
    {
        var p = PredictionsFile.Read(File("m.csv", "target,prediction\n1.5,1\n2,2\n"));
        Assert.Equal(ScoreKind.Values, p.Kind);
        Assert.Equal([1.5f, 2], p.Targets);
        var integers = File("n.csv", "y,pred\n1,1\n3,2\n");
        Assert.Equal(ScoreKind.Classes, PredictionsFile.Read(integers).Kind);
        Assert.Equal(ScoreKind.Values, PredictionsFile.Read(integers, new PredictionRoles { Kind = ScoreKind.Values }).Kind);
    }

    [Fact]
    public void Roles_override_names()
    {
        var p = PredictionsFile.Read(
            File("m.csv", "key,truth,label,x,z\nA,z,0,0.2,0.8\n"),
            new PredictionRoles { Id = "key", Label = "truth", Scores = ["x", "z"], Slices = ["label"], Model = "mine" });
        Assert.Equal("mine", p.Model);
        Assert.Equal(["A"], p.Ids);
        Assert.Equal([1], p.Labels);
        Assert.Equal(["label"], p.Slices.Keys);
    }

    [Fact]
    public void Ids_that_look_like_numbers_stay_texts()
    {
        Assert.Equal(["007", "08"], PredictionsFile.Read(File("m.csv", "id,y,pred\n007,1,1\n08,0,1\n")).Ids);
    }

    [Theory]
    [InlineData("id,a\n1,2\n", "nothing predicts here")]
    [InlineData("label,p_a,p_b\na,0.5,0.5\nc,0.5,0.5\n", "row 2, column 'label': 'c' is none of the classes a, b")]
    [InlineData("label,p_a,p_b\na,0.5,0.5\n,0.5,0.5\n", "row 2, column 'label': the class is missing")]
    [InlineData("label,p_a,p_b\na,0.5,0.5\na,0.5,0.6\n", "row 2: the probabilities sum to 1.1")]
    [InlineData("label,p_a,p_b\na,0.5,0.5\na,-0.5,1.5\n", "row 2, column 'p_a': the probability is -0.5")]
    [InlineData("label,p_a,p_b\na,0.5,0.5\na,0.5,\n", "row 2, column 'p_b': a score was expected, it is missing")]
    [InlineData("label,p_a,p_b\na,0.5,0.5\na,0.5,x\n", "line 3")]
    [InlineData("y,p\n0,0.5\n1,0.5\n2,0.5\n", "column 'p' alone scores two classes, but column 'y' holds 3")]
    [InlineData("target,prediction\n1.5,1\n2.5,\n", "row 2, column 'prediction': a number was expected, it is missing")]
    [InlineData("label,p_a,p_b\n", "there are no rows")]
    public void Faults_name_file_row_and_column(string content, string message)
    {
        var path = File("bad.csv", content);
        var fault = Fault(() => PredictionsFile.Read(path));
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.Contains("bad.csv", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_role_that_names_no_column_is_refused_with_the_columns_there_are()
    {
        var path = File("m.csv", "y,p_a,p_b\n0,0.5,0.5\n");
        Assert.Contains("no column 'truth'; there are: y, p_a, p_b", Fault(() => PredictionsFile.Read(path, new PredictionRoles { Label = "truth" })), StringComparison.Ordinal);
        Assert.Contains("no column 'c'", Fault(() => PredictionsFile.Read(path, new PredictionRoles { Scores = ["p_a", "c"] })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p.csv")]
    [InlineData("p.tsv")]
    [InlineData("p.parquet")]
    [InlineData("p.jsonl")]
    public void What_is_written_is_read_back(string name)
    {
        var reference = ReferenceCases.Classification(50, 3, ScoreKind.Logits);
        var all = new Predictions
        {
            Model = "p",
            Kind = ScoreKind.Logits,
            Scores = reference.Scores,
            Labels = reference.Labels,
            ClassNames = ["x", "y", "z"],
            Ids = [.. Enumerable.Range(0, 50).Select(i => $"e{i}")],
            Slices = reference.Slices.Add("part", CategoryColumn.FromTexts(Enumerable.Range(0, 50).Select(i => $"s{i % 4}"))),
        };
        foreach (var written in new[] { all, all.ToProbabilities(), Hard(all), ReferenceCases.Regression(20) })
        {
            PredictionsFile.Write(Path(name), written);
            var read = PredictionsFile.Read(Path(name));
            Assert.Equal(written.Kind, read.Kind);
            Assert.Equal(written.Scores.Values.ToArray(), read.Scores.Values.ToArray());
            Assert.Equal(written.Labels, read.Labels);
            Assert.Equal(written.Targets, read.Targets);
            Assert.Equal(written.Ids, read.Ids);
            Assert.Equal(written.ClassNames, read.ClassNames);
            foreach (var (slice, column) in written.Slices)
                Assert.Equal(Enumerable.Range(0, column.Count).Select(i => column[i]), Enumerable.Range(0, column.Count).Select(i => read.Slices[slice][i]));
        }

        static Predictions Hard(Predictions p)
        {
            var one = new float[p.Scores.Values.Length];
            foreach (var (c, i) in p.PredictedClasses().Select((c, i) => (c, i)))
                one[i * 3 + c] = 1;
            return p.With(kind: ScoreKind.Classes, scores: new FloatMatrix(one, p.Count, 3));
        }
    }

    [Fact]
    public void Arrays_come_with_their_labels_in_a_second_file()
    {
        var reference = ReferenceCases.Classification(30, 3);
        PredictionsFile.Write(Path("scores.npy"), reference);
        NpyFile.Write(Path("labels.npy"), reference.Labels.AsSpan());
        var read = PredictionsFile.Read(Path("scores.npy"), labels: Path("labels.npy"));
        Assert.Equal(ScoreKind.Probabilities, read.Kind);
        Assert.Equal(reference.Labels, read.Labels);
        Assert.Equal(["0", "1", "2"], read.ClassNames);
        PredictionsFile.Write(Path("logits.npy"), ReferenceCases.Classification(30, 3, ScoreKind.Logits));
        Assert.Equal(ScoreKind.Logits, PredictionsFile.Read(Path("logits.npy"), labels: Path("labels.npy")).Kind);
        Assert.Equal(reference.Labels, PredictionsFile.Read(Path("scores.npy"), labels: File("truth.csv", "label\n" + string.Join('\n', reference.Labels) + "\n")).Labels);
        NpyFile.Write(Path("few.npy"), reference.Labels.AsSpan()[..29]);
        Assert.Contains("30 rows, but 29 labels", Fault(() => PredictionsFile.Read(Path("scores.npy"), labels: Path("few.npy"))), StringComparison.Ordinal);
        Assert.True(PredictionsFile.Read(Path("scores.npy")).Labels.IsEmpty);
    }

    [Fact]
    public void A_vector_of_numbers_between_0_and_1_beside_two_classes_is_probabilities()
    {
        NpyFile.Write(Path("p.npy"), new FloatMatrix([.2f, .7f, .9f], 3, 1));
        NpyFile.Write(Path("y.npy"), [0, 1, 1]);
        var read = PredictionsFile.Read(Path("p.npy"), labels: Path("y.npy"));
        Assert.Equal(ScoreKind.Probabilities, read.Kind);
        Assert.Equal(.9f, read.Scores[2, 1]);
        NpyFile.Write(Path("hard.npy"), [0, 1, 0]);
        Assert.Equal(ScoreKind.Classes, PredictionsFile.Read(Path("hard.npy"), labels: Path("y.npy")).Kind);
    }

    [Fact]
    public void Judging_needs_no_ids_and_only_the_slices_asked_for()
    {
        var path = File("m.csv", "id,label,p_a,p_b,city\n1,a,0.5,0.5,Ulm\n1,b,0.5,0.5,Ulm\n");
        var read = PredictionsFile.Read(path, new PredictionRoles { WithIds = false, Slices = [] });
        Assert.True(read.Ids.IsEmpty);
        Assert.Empty(read.Slices);
    }
}
