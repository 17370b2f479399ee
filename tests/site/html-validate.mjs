// What the HTML standard asks for; matters of taste are left to those who wrote the theme.
export default {
  root: true,
  extends: ["html-validate:standard"],
};
