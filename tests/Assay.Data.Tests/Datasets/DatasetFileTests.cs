namespace Assay.Data.Tests;

public sealed class DatasetFileTests
{
    private static Dataset Load(string text, DataRoles? roles = null)
    {
        using var folder = new TemporaryFolder();
        return DatasetFile.Load(folder.Write("d.csv", text), roles).Validate();
    }

    private static string Refusal(string text, DataRoles? roles = null) => Assert.Throws<InvalidDataException>(() => Load(text, roles)).Message;

    [Fact]
    public void Conventional_names_play_their_parts_and_the_rest_are_features()
    {
        var data = Load("id,x,text,domain,group,label,target,z\n007,1,hello,web,1,b,0.5,2\n008,3,bye,book,2,a,1.5,4\n");
        Assert.Equal(["007", "008"], data.Ids);
        Assert.Equal(["x", "z"], data.FeatureNames);
        Assert.Equal([1, 2, 3, 4], data.RequireFeatures().Values.ToArray());
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal([1, 0], data.Labels);
        Assert.Equal([0.5f, 1.5f], data.Targets);
        Assert.Equal(["hello", "bye"], data.Texts);
        Assert.Equal("book", data.Domains![1]);
        Assert.Equal("2", data.Groups![1]);
        Assert.Equal([2], data.FeatureShape);
        Assert.Equal("d", data.Name);
    }

    [Fact]
    public void Named_roles_and_dropped_columns_are_obeyed()
    {
        var data = Load("x,kind,noise,when\n1,10,q,0\n2,9,r,1\n3,10,s,0\n", new() { Label = "kind", Drop = ["noise"] });
        Assert.Equal(["9", "10"], data.ClassNames);
        Assert.Equal([1, 0, 1], data.Labels);
        Assert.Equal(["x", "when"], data.FeatureNames);
        Assert.Equal(["0", "1", "2"], data.Ids);
    }

    [Fact]
    public void Text_features_become_one_feature_for_each_value()
    {
        var data = Load("color,x,label\nred,1,a\nblue,2,b\nred,3,a\n");
        Assert.Equal(["color=blue", "color=red", "x"], data.FeatureNames);
        Assert.Equal([0, 1, 1, 1, 0, 2, 0, 1, 3], data.RequireFeatures().Values.ToArray());
        Assert.Contains("--drop \"color\"", Refusal("color,x\nred,1\nblue,2\n", new() { MaxCategories = 1 }), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_features_are_refused_or_filled()
    {
        const string Text = "x,y\n1,1\n,1\n3,1\n8,1\n";
        Assert.Contains("row 2, column 'x': the feature is missing (1 in this column)", Refusal(Text), StringComparison.Ordinal);
        Assert.Equal(4, Load(Text, new() { Missing = MissingValues.Mean }).RequireFeatures()[1, 0]);
        Assert.Equal(3, Load(Text, new() { Missing = MissingValues.Median }).RequireFeatures()[1, 0]);
        Assert.Contains("no value at all", Refusal("x,y\n,1\nNA,1\n", new() { Missing = MissingValues.Mean, Label = "y" }), StringComparison.Ordinal);
        Assert.Contains("row 1, column 'x': the feature is infinite", Refusal("x,y\ninf,1\n1,1\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_that_cannot_be_one_is_named_by_its_row()
    {
        Assert.Contains("no column 'class2'; there are: x, label", Refusal("x,label\n1,a\n", new() { Label = "class2" }), StringComparison.Ordinal);
        Assert.Contains("row 2, column 'label': the label is missing", Refusal("x,label\n1,a\n2,\n"), StringComparison.Ordinal);
        Assert.Contains("row 2, column 'label': label 1.5 is no integer", Refusal("x,label\n1,0\n2,1.5\n"), StringComparison.Ordinal);
        Assert.Contains("row 2, column 'label': label 3 is out of range, there are 3 classes", Refusal("x,label\n1,0\n2,3\n", new() { Classes = ["a", "b", "c"] }), StringComparison.Ordinal);
        Assert.Contains("label 'd' is none of the classes a, b", Refusal("x,label\n1,a\n2,d\n", new() { Classes = ["a", "b"] }), StringComparison.Ordinal);
        Assert.Contains("row 2, column 'target': the target is missing", Refusal("x,target\n1,1\n2,\n"), StringComparison.Ordinal);
        Assert.Contains("row 3, column 'id': id 'a' stands already in row 1", Refusal("id,x\na,1\nb,2\na,3\n"), StringComparison.Ordinal);
        Assert.Contains("'x' cannot play two parts", Refusal("x,y\n1,2\n", new() { Label = "x", Target = "x" }), StringComparison.Ordinal);
        Assert.Contains("no rows", Refusal("x,y\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Features_can_be_images()
    {
        var data = Load("label,p0,p1,p2,p3\n0,1,2,3,4\n1,5,6,7,8\n", new() { Shape = [1, 2, 2] });
        Assert.Equal([1, 2, 2], data.FeatureShape);
        Assert.Empty(data.FeatureNames);
        Assert.Contains("4 feature columns do not fill the shape 1×3×3", Refusal("label,p0,p1,p2,p3\n0,1,2,3,4\n", new() { Shape = [1, 3, 3] }), StringComparison.Ordinal);
    }
}
