using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab.Tests;

public sealed class PreparedDataTests
{
    private static readonly MethodCatalog Catalog = MethodCatalog.Of(typeof(Mlp).Assembly);

    private static PreparedData Of(string text, string? folder = null) => PreparedData.Of(Recipe.Parse(text + "\nmodel: mlp(4)\n", "r.yaml", Catalog, [], folder));

    [Fact]
    public void Parts_are_disjoint_stratified_and_together_the_whole()
    {
        var data = Of("data: iris\nsplit: { test: 0.2, validation: 0.2 }");
        Assert.Equal((90, 30, 30), (data.Train.Count, data.Validation!.Count, data.Test!.Count));
        Assert.Equal(150, data.Train.Ids.Concat(data.Validation.Ids).Concat(data.Test.Ids).Distinct().Count());
        Assert.All(data.Test.Labels.GroupBy(l => l), g => Assert.Equal(10, g.Count()));
    }

    [Fact]
    public void The_split_follows_its_own_seed()
    {
        Assert.Equal(Of("data: iris").Test!.Ids, Of("data: iris\nseed: 9").Test!.Ids);
        Assert.NotEqual(Of("data: iris").Test!.Ids, Of("data: iris\nsplit: { seed: 1 }").Test!.Ids);
    }

    [Fact]
    public void A_share_of_0_gives_no_part()
    {
        var data = Of("data: iris\nsplit: { test: 0, validation: 0 }");
        Assert.Equal((150, null, null), (data.Train.Count, data.Validation, data.Test));
        Assert.Null(Of("data: iris\nsplit: { validation: 0 }").Validation);
        Assert.Null(Of("data: iris\nsplit: { test: 0 }").Test);
    }

    [Fact]
    public void The_scale_is_learned_on_the_training_part_alone()
    {
        var data = Of("data: iris");
        var train = data.Train.RequireFeatures();
        Assert.Equal(0, Enumerable.Range(0, train.Rows).Average(r => train[r, 0]), 1e-4);
        var test = data.Test!.RequireFeatures();
        Assert.NotEqual(0, Enumerable.Range(0, test.Rows).Average(r => test[r, 0]), 1e-3);
        Assert.Null(Of("data: iris\nstandardize: false").Scaling);
    }

    [Fact]
    public void A_separate_test_set_must_fit()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), "x,y,label\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},{-i},{(i % 2 == 0 ? "even" : "odd")}\n")));
        File.WriteAllText(folder.File("b.csv"), "x,y,label\n1,2,even\n3,4,odd\n");
        File.WriteAllText(folder.File("c.csv"), "x,label\n1,even\n3,odd\n");
        var data = Of("data: { source: a.csv, test: b.csv }\nsplit: { validation: 0.1 }", folder.Path);
        Assert.Equal((18, 2, 2), (data.Train.Count, data.Validation!.Count, data.Test!.Count));
        var error = Assert.Throws<InvalidDataException>(() => Of("data: { source: a.csv, test: c.csv }", folder.Path));
        Assert.StartsWith("r.yaml(1,17): the test data do not fit the training data", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => Of("data: { source: a.csv, test: b.csv }\nsplit: { test: 0.1 }", folder.Path));
    }

    [Fact]
    public void Groups_are_never_torn_apart()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), "x,patient,label\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"{i},p{i / 5},{i % 2}\n")));
        var data = Of("data: { source: a.csv, group: patient }", folder.Path);
        var parts = new[] { data.Train, data.Validation!, data.Test! };
        var patients = parts.Select(p => Enumerable.Range(0, p.Count).Select(i => p.Groups![i]).ToHashSet()).ToArray();
        Assert.Equal(40, patients.Sum(p => p.Count));
    }

    [Theory]
    [InlineData("x\n1\n2\n", "has neither labels nor targets")]
    [InlineData("label\na\nb\n", "has no features to train on")]
    [InlineData("x,label\n1,a\n2,b\n", "cannot be divided")]
    public void Unfit_data_name_the_recipe(string csv, string problem)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), csv);
        var error = Assert.Throws<InvalidDataException>(() => Of("data: a.csv", folder.Path));
        Assert.StartsWith("r.yaml(1,7): ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}
