namespace Assay.Data.Tests;

public sealed class DatasetCatalogTests
{
    // Sums and counts as scikit-learn 1.2.1 gives them for its copies.
    [Theory]
    [InlineData("digits", 1797, 64, 35107.375, new[] { 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 }, 37, 9, 20.0)]
    [InlineData("iris", 150, 4, 2078.7, new[] { 50, 50, 50 }, 37, 0, 10.0)]
    [InlineData("wine", 178, 13, 159975.295999, new[] { 59, 71, 48 }, 37, 0, 1252.74)]
    [InlineData("breast-cancer", 569, 30, 1056474.4596356, new[] { 212, 357 }, 37, 1, 1323.1384279999997)]
    public void The_built_in_sets_are_those_of_scikit_learn(string name, int count, int features, double sum, int[] perClass, int row, int label, double rowSum)
    {
        var data = DatasetCatalog.Load(name).Validate();
        Assert.Equal(count, data.Count);
        Assert.Equal(features, data.RequireFeatures().Columns);
        Assert.Equal(sum, data.RequireFeatures().Values.ToArray().Sum(v => (double)v), sum * 1e-6);
        Assert.Equal(perClass, data.Labels.CountBy(l => l).OrderBy(p => p.Key).Select(p => p.Value));
        Assert.Equal(label, data.Labels[row]);
        Assert.Equal(rowSum, data.RequireFeatures().Row(row).ToArray().Sum(), rowSum * 1e-6);
        var entry = DatasetCatalog.List.Single(e => e.Name == name);
        Assert.Equal((entry.Examples, entry.Classes), (data.Count, data.ClassCount));
        Assert.Equal(entry.Shape, data.FeatureShape);
    }

    [Fact]
    public void Diabetes_has_a_target_in_original_units()
    {
        var data = DatasetFile.Load("Diabetes").Validate();
        Assert.Equal((442, 10), (data.Count, data.RequireFeatures().Columns));
        Assert.False(data.HasLabels);
        Assert.Equal(67243, data.Targets.Sum(), 0.5);
        Assert.Equal("age", data.FeatureNames[0]);
    }

    [Fact]
    public void Classes_and_features_have_names()
    {
        var iris = DatasetCatalog.Load("iris");
        Assert.Equal(["setosa", "versicolor", "virginica"], iris.ClassNames);
        Assert.Equal("petal_width_cm", iris.FeatureNames[3]);
        Assert.Equal(["malignant", "benign"], DatasetCatalog.Load("breast-cancer").ClassNames);
        Assert.InRange(DatasetCatalog.Load("digits").RequireFeatures().Values.ToArray().Max(), 1f, 1f);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        Assert.Contains("digits, iris", Assert.Throws<ArgumentException>(() => DatasetCatalog.Load("irris")).Message, StringComparison.Ordinal);
        Assert.Contains("digits, iris", Assert.Throws<FileNotFoundException>(() => DatasetFile.Load("irris")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => DatasetCatalog.Load("iris:test"));
    }
}
